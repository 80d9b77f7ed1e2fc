"use strict";

// What is to be drawn: the template of all figures, the dark colour in the place of each light one, the figures.
const page = JSON.parse(document.getElementById("page-data").textContent);
const root = document.documentElement;
const button = document.getElementById("theme");
const plots = [...document.querySelectorAll(".plot")];
const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");

const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemIsDark.matches);

// All colours are written as #RRGGBB, and those of the theme all have one in the dark.
const inTheme = (text) =>
  isDark() ? text.replace(/#[0-9a-f]{6}/gi, (color) => page.dark[color.toUpperCase()] ?? color) : text;

// Labels of growths stand close together on a narrow screen: keep the last, and of the others what does not touch.
function thinLabels(plot) {
  let left = Infinity;
  const labels = [...plot.querySelectorAll(".annotation")];
  const notes = plot.layout.annotations ?? [];
  labels.sort((a, b) => b.getBoundingClientRect().left - a.getBoundingClientRect().left);
  for (const label of labels) {
    if (notes[label.dataset.index]?.name !== "growth") continue;
    const box = label.getBoundingClientRect();
    const fits = box.right < left;
    label.style.visibility = fits ? "visible" : "hidden";
    if (fits) left = box.left;
  }
}

function draw(plot) {
  const figure = page.figures[plot.dataset.figure];
  plot.style.minWidth = `${figure.layout.meta?.min_width ?? 0}px`; // a narrower screen scrolls
  const layout = { ...figure.layout, template: page.template };
  const themed = JSON.parse(inTheme(JSON.stringify({ data: figure.data, layout })));
  return Plotly.react(plot, themed.data, themed.layout, { responsive: true, displaylogo: false });
}

function drawAll() {
  button.textContent = isDark() ? "Light" : "Dark";
  return Promise.all(plots.map(draw));
}

button.hidden = plots.length === 0;
button.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  drawAll();
});
systemIsDark.addEventListener("change", drawAll);
if (plots.length) {
  drawAll().then(() => {
    for (const plot of plots) {
      thinLabels(plot);
      plot.on("plotly_afterplot", () => thinLabels(plot));
    }
    root.dataset.drawn = plots.length;
  });
}

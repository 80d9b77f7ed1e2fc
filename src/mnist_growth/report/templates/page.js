"use strict";

// The template of all figures, the dark colour for each light one, and the figures.
const page = JSON.parse(document.getElementById("page-data").textContent);
const root = document.documentElement;
const button = document.getElementById("theme");
const plots = [...document.querySelectorAll(".plot")];
const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");
const pictures = new Map(); // decoded pictures of the galleries, by name of the figure

const SMALLEST_CELL = 64; // screen pixels: the captions of narrower images would overlap
const CAPTION = 13; // screen pixels: font size at full width
const NARROW = 480; // screen pixels: a colour bar would take a third of a narrower heat map
const DEFAULT_HEIGHT = 450; // screen pixels, of a figure that does not set its own
const CONFIG = { responsive: true, displaylogo: false, showSendToCloud: false };

const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemIsDark.matches);

// All colours are written as #RRGGBB, and those of the theme all have a dark counterpart.
const inTheme = (text) =>
  isDark() ? text.replace(/#[0-9a-f]{6}/gi, (color) => page.dark[color.toUpperCase()] ?? color) : text;

// Labels of growths are close together on a narrow screen: keep the last one, and others that do not overlap.
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

async function decodePictures() {
  for (const [name, figure] of Object.entries(page.figures)) {
    if (!figure.layout.meta?.grid) continue;
    const picture = new Image();
    picture.src = figure.data[0].source;
    await picture.decode();
    pictures.set(name, picture);
  }
}

// Column and row of each image of a gallery that is drawn with fewer columns.
function places(grid, columns) {
  const lines = grid.keep_rows ? Math.ceil(grid.columns / columns) : 0; // of each row
  return Array.from({ length: grid.images }, (_, index) => {
    const position = grid.keep_rows ? index % grid.columns : index;
    const first = grid.keep_rows ? Math.floor(index / grid.columns) * lines : 0;
    return [position % columns, first + Math.floor(position / columns)];
  });
}

// Fit a gallery into a narrow screen: fewer columns where the images have captions, smaller images otherwise.
function fitGallery(figure, picture, room) {
  const { layout } = figure;
  if (room >= layout.width) return figure;
  const { grid } = layout.meta;
  const { l, r, t, b } = layout.margin;
  const inner = room - l - r;
  const [across, down] = grid.pitch;
  const captions = figure.data[1];
  const even = 2 * Math.max(1, Math.floor(inner / SMALLEST_CELL / 2)); // pairs of images stay together
  const columns = captions ? Math.min(grid.columns, even) : grid.columns;
  const moved = places(grid, columns);
  const canvas = document.createElement("canvas");
  canvas.width = columns * across + grid.gap;
  canvas.height = (1 + Math.max(...moved.map(([, row]) => row))) * down;
  const paper = canvas.getContext("2d");
  const steps = moved.map(([column, row], index) => {
    const [x, y] = [(index % grid.columns) * across, Math.floor(index / grid.columns) * down];
    paper.drawImage(picture, x, y, across, down, column * across, row * down, across, down);
    return [column * across - x, row * down - y];
  });
  const full = (layout.width - l - r) / picture.width; // screen pixels for one pixel of the picture
  const scale = Math.min(full, inner / canvas.width);
  const shift = (values, axis) => values.map((value, index) => value + steps[index][axis]);
  const data = [{ ...figure.data[0], source: canvas.toDataURL() }];
  if (captions) {
    const textfont = { ...captions.textfont, size: Math.round((CAPTION * scale) / full) };
    data.push({ ...captions, x: shift(captions.x, 0), y: shift(captions.y, 1), textfont });
  }
  const resized = {
    width: Math.round(canvas.width * scale) + l + r,
    height: Math.round(canvas.height * scale) + t + b,
    xaxis: { ...layout.xaxis, range: [-0.5, canvas.width - 0.5] },
    yaxis: { ...layout.yaxis, range: [canvas.height - 0.5, -0.5] },
  };
  return { data, layout: { ...layout, ...resized } };
}

// On a narrow screen a heat map with square cells has no colour bar, as its cells show the numbers, and no empty space.
function fitHeatMap(figure, room) {
  if (room >= NARROW || !figure.layout.yaxis?.scaleanchor) return figure;
  const data = figure.data.map((trace) => (trace.type === "heatmap" ? { ...trace, showscale: false } : trace));
  const height = Math.min(figure.layout.height, room);
  return { data, layout: { ...figure.layout, height } };
}

function draw(plot) {
  const name = plot.dataset.figure;
  const picture = pictures.get(name);
  const room = plot.parentElement.clientWidth;
  const given = page.figures[name];
  const figure = picture ? fitGallery(given, picture, room) : fitHeatMap(given, room);
  plot.style.height = `${figure.layout.height ?? DEFAULT_HEIGHT}px`; // otherwise a plot collapses when the window is resized
  plot.style.minWidth = `${figure.layout.meta?.min_width ?? 0}px`; // a narrower screen scrolls
  const layout = { ...figure.layout, template: page.template };
  const themed = JSON.parse(inTheme(JSON.stringify({ data: figure.data, layout })));
  return Plotly.react(plot, themed.data, themed.layout, CONFIG);
}

function drawAll() {
  button.textContent = isDark() ? "Light" : "Dark";
  return Promise.all(plots.map(draw));
}

// Mark the section that is being read in the list of contents.
function markSection() {
  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const link = links.get(target.id);
        if (!isIntersecting) link?.removeAttribute("aria-current");
        else if (link) {
          link.setAttribute("aria-current", "true");
          const list = link.parentElement; // on a narrow screen it is one line that scrolls
          list.scrollLeft = link.offsetLeft - (list.clientWidth - link.offsetWidth) / 2;
        }
      }
    },
    { rootMargin: "-30% 0px -70% 0px" }, // a line below the top of the screen
  );
  document.querySelectorAll("section").forEach((section) => seen.observe(section));
}

// A narrower or wider screen has room for another number of columns.
function drawOnResize() {
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return; // a phone has hidden its address bar
    width = window.innerWidth;
    plots.filter((plot) => page.figures[plot.dataset.figure].layout.yaxis?.scaleanchor).forEach(draw); // of a fixed shape
  });
}

button.hidden = plots.length === 0;
button.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  drawAll();
});
systemIsDark.addEventListener("change", drawAll);
markSection();
if (plots.length) {
  decodePictures()
    .then(drawAll)
    .then(() => {
      for (const plot of plots) {
        thinLabels(plot);
        plot.on("plotly_afterplot", () => thinLabels(plot));
      }
      drawOnResize();
      root.dataset.drawn = plots.length;
    });
}

// The network, its confusion matrix and the drift of the images that the service received.
import { drawFor } from "./paper.js";
import { showClasses } from "./prediction.js";
import { ask } from "./service.js";

export async function describe() {
  try {
    const model = await ask("model");
    document.querySelector("#model").textContent =
      `Network ${model.version}: ${model.hidden_widths.join("-")} neurons, trained on ${model.dataset} for ${model.epochs} epochs`;
    drawFor(model.preparation);
    showClasses(model.class_names);
    document.querySelector(".examples").hidden = model.preparation.form === "as_is"; // they are in the form of MNIST
    confusion(model.confusion, model.class_names);
  } catch (error) {
    document.querySelector("#model").textContent = error.message;
  }
}

function confusion(counts, names) {
  document.querySelector(".confusion").hidden = !counts;
  if (!counts) return;
  const total = counts.flat().reduce((sum, count) => sum + count, 0);
  const correct = counts.reduce((sum, row, digit) => sum + row[digit], 0);
  document.querySelector("#accuracy").textContent =
    `${correct.toLocaleString("en")} of ${total.toLocaleString("en")} test digits correct (${((100 * correct) / total).toFixed(2)} %). Rows: true digit. Columns: prediction.`;
  const worst = Math.max(1, ...counts.flatMap((row, digit) => row.filter((_, predicted) => predicted !== digit)));
  const table = document.querySelector("#confusion");
  table.querySelectorAll("tr").forEach((row) => row.remove());
  const head = table.insertRow();
  const corner = cell("th", "");
  corner.innerHTML = '<span class="quiet">True digit</span>';
  head.append(corner, ...names.map((name) => cell("th", name, "col")));
  counts.forEach((row, digit) => {
    const line = table.insertRow();
    line.append(cell("th", names[digit], "row"));
    row.forEach((count, predicted) => {
      const found = cell("td", count || "");
      const share = digit === predicted ? 0 : count / worst;
      found.style.backgroundColor = digit === predicted ? "var(--bar)" : `color-mix(in srgb, var(--against) ${Math.round(50 * share)}%, transparent)`;
      line.append(found);
    });
  });
}

const FEATURES = {
  pixel_mean: "mean grey value", ink: "ink", slant: "slant", thickness: "stroke thickness", digit: "predicted digit", confidence: "confidence",
};

const MEASURES = ["psi", "kl", "ks"];

export async function drift() {
  let found;
  try {
    found = await ask("drift");
  } catch {
    return; // the page shows errors of the service elsewhere
  }
  document.querySelector(".drift").hidden = !found.watching;
  const alarms = found.features.filter((feature) => feature.alarm).map((feature) => FEATURES[feature.feature]);
  say(!found.images
    ? "No images have been sent to /predict yet. Drawings on this page do not count."
    : `The latest ${found.images.toLocaleString("en")} images sent to /predict: ${alarms.length ? `drift in ${alarms.join(", ")}` : "no drift"}. Drawings on this page do not count.`);
  const table = document.querySelector("#drift");
  table.querySelectorAll("tr").forEach((row) => row.remove());
  table.hidden = !found.features.length;
  const head = table.insertRow();
  head.append(...["feature", ...MEASURES.map((name) => `${name.toUpperCase()} (threshold)`), "state"].map((text) => cell("th", text, "col")));
  for (const feature of found.features) {
    const line = table.insertRow();
    line.append(cell("td", FEATURES[feature.feature]));
    for (const name of MEASURES) {
      const measure = cell("td", feature[name] === null ? "–" : `${feature[name].toFixed(3)} (${feature.limits[name]})`);
      measure.dataset.label = name.toUpperCase();
      line.append(measure);
    }
    const state = cell("td", feature.alarm ? "drift" : "no drift");
    state.className = feature.alarm ? "alarm" : "";
    line.append(state);
  }
}

// A status that is written again is read aloud again.
function say(text) {
  const state = document.querySelector("#drift-state");
  if (state.textContent !== text) state.textContent = text;
}

function cell(kind, text, scope) {
  const element = document.createElement(kind);
  element.textContent = text;
  if (scope) element.scope = scope;
  return element;
}

// The drawing page. Strokes are stored as points and drawn dark on light. After every change, and when the previous
// response has arrived, the drawing is sent as a PNG; the service prepares it for the network.
const paper = document.querySelector("#paper");
const context = paper.getContext("2d");
const pen = document.querySelector("#pen");
const problem = document.querySelector("#problem");
const tokenForm = document.querySelector("#token-form");
const MARGIN = 12; // pixels between the pen's centre and the edge of the paper, so that the background stays visible
const STEP = 8; // pixels per press of an arrow key
let strokes = []; // of {width, points: [[x, y], ...]}
let current = null; // the stroke being drawn
let cursor = { x: 140, y: 140, down: false, shown: false };
let asking = false; // a request is in progress
let changed = false; // since the last request
let colours = ["#000", "#fff"]; // ink and paper of the image that is sent, as in the images that the network knows

const bars = Array.from({ length: 10 }, (_, digit) => {
  const item = document.createElement("li");
  item.innerHTML = `<span>${digit}</span><span class="track"><span class="fill"></span></span><span class="share">–</span>`;
  item.querySelector(".track").style.display = item.querySelector(".fill").style.display = "block";
  document.querySelector("#bars").append(item);
  return { item, fill: item.querySelector(".fill"), share: item.querySelector(".share") };
});

function token() {
  return sessionStorage.getItem("token");
}

async function ask(path, question) {
  const headers = { "Content-Type": "application/json" };
  if (token()) headers.Authorization = `Bearer ${token()}`;
  const options = question ? { method: "POST", body: JSON.stringify(question), headers } : { headers };
  const response = await fetch(path, options);
  tokenForm.hidden = response.status !== 401;
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.detail ?? `The service returned status ${response.status}`), { status: response.status });
  return answer;
}

function draw(target = context, withCursor = true) {
  const style = getComputedStyle(document.documentElement);
  const [ink, back] = target === context ? [style.getPropertyValue("--ink"), style.getPropertyValue("--paper")] : colours;
  target.fillStyle = back;
  target.fillRect(0, 0, paper.width, paper.height);
  target.strokeStyle = target.fillStyle = ink;
  target.lineCap = target.lineJoin = "round";
  for (const { width, points } of strokes) {
    target.lineWidth = width;
    target.beginPath();
    target.moveTo(points[0][0] + 0.1, points[0][1]); // a line of length zero would leave no dot
    for (const point of points) target.lineTo(...point);
    target.stroke();
  }
  if (withCursor && cursor.shown) {
    target.strokeStyle = style.getPropertyValue("--accent");
    target.lineWidth = 2;
    target.beginPath();
    target.arc(cursor.x, cursor.y, cursor.down ? pen.value / 2 + 3 : 10, 0, 2 * Math.PI);
    target.stroke();
  }
}

function touched() {
  draw();
  changed = true;
  answer();
}

async function answer() {
  document.querySelector(".answer").setAttribute("aria-busy", asking || changed);
  if (asking || !changed) return;
  changed = false;
  if (!strokes.length) {
    empty();
    return answer();
  }
  asking = true;
  try {
    const copy = new OffscreenCanvas(paper.width, paper.height);
    draw(copy.getContext("2d"), false);
    const bytes = new Uint8Array(await (await copy.convertToBlob({ type: "image/png" })).arrayBuffer());
    const found = await ask("explain", { image: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")) });
    problem.hidden = true;
    if (strokes.length) show(found);
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
    if (error.status === 503) setTimeout(() => { changed = true; answer(); }, 1000);
  } finally {
    asking = false;
  }
  requestAnimationFrame(answer);
}

function show({ digit, confidence, probabilities, image, saliency }) {
  document.querySelector("#digit").innerHTML = `${digit}<small>${(100 * confidence).toFixed(1)} %</small>`;
  bars.forEach(({ item, fill, share }, number) => {
    fill.style.transform = `scaleX(${probabilities[number]})`;
    share.textContent = `${(100 * probabilities[number]).toFixed(1)} %`;
    item.classList.toggle("best", number === digit);
  });
  paint("#seen", image, (grey) => [grey, grey, grey, 255]);
  const style = getComputedStyle(document.documentElement);
  const [agree, oppose] = ["--for", "--against"].map((name) => rgb(style.getPropertyValue(name)));
  paint("#saliency", saliency, (value) => [...(value < 0 ? oppose : agree), 255 * Math.sqrt(Math.abs(value))]);
}

function rgb(colour) {
  return [1, 3, 5].map((start) => parseInt(colour.trim().slice(start, start + 2), 16));
}

function paint(selector, values, colour) {
  const target = document.querySelector(selector).getContext("2d");
  const pixels = target.createImageData(28, 28);
  values.forEach((value, index) => pixels.data.set(colour(value), 4 * index));
  target.putImageData(pixels, 0, 0);
}

function empty() {
  document.querySelector("#digit").textContent = "–";
  problem.hidden = true;
  for (const { item, fill, share } of bars) {
    fill.style.transform = "scaleX(0)";
    share.textContent = "–";
    item.classList.remove("best");
  }
  for (const selector of ["#seen", "#saliency"]) document.querySelector(selector).getContext("2d").clearRect(0, 0, 28, 28);
}

function clear() {
  strokes = [];
  current = null;
  cursor.down = false;
  touched();
  empty();
}

function undo() {
  strokes.pop();
  current = null;
  cursor.down = false;
  touched();
}

function within(value) {
  return Math.min(Math.max(value, MARGIN), paper.width - MARGIN);
}

function place(event) {
  const box = paper.getBoundingClientRect();
  const scale = paper.width / box.width;
  return [within((event.clientX - box.left) * scale), within((event.clientY - box.top) * scale)];
}

paper.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  paper.setPointerCapture(event.pointerId);
  cursor.shown = false;
  current = { width: Number(pen.value), points: [place(event)] };
  strokes.push(current);
  touched();
});
paper.addEventListener("pointermove", (event) => {
  if (!current || !paper.hasPointerCapture(event.pointerId)) return;
  const events = event.getCoalescedEvents?.() ?? [];
  current.points.push(...(events.length ? events : [event]).map(place));
  touched();
});
for (const name of ["pointerup", "pointercancel"]) paper.addEventListener(name, () => { current = null; });

const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
paper.addEventListener("keydown", (event) => {
  if (event.key in ARROWS) {
    const [right, down] = ARROWS[event.key];
    cursor = { ...cursor, x: within(cursor.x + right), y: within(cursor.y + down), shown: true };
    if (cursor.down) current.points.push([cursor.x, cursor.y]);
  } else if (event.key === " ") {
    cursor = { ...cursor, down: !cursor.down, shown: true };
    current = cursor.down ? { width: Number(pen.value), points: [[cursor.x, cursor.y]] } : null;
    if (current) strokes.push(current);
  } else if (event.key === "Escape") {
    clear();
  } else {
    return;
  }
  event.preventDefault();
  touched();
});
paper.addEventListener("focus", () => { cursor.shown = paper.matches(":focus-visible"); draw(); });
paper.addEventListener("blur", () => { cursor.shown = cursor.down = false; current = null; draw(); });
document.querySelector("#clear").addEventListener("click", clear);
document.querySelector("#undo").addEventListener("click", undo);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => touched());
tokenForm.addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", document.querySelector("#token").value);
  describe();
  drift();
  touched();
});

async function describe() {
  try {
    const model = await ask("model");
    document.querySelector("#model").textContent =
      `Network ${model.version}: ${model.hidden_widths.join("-")} neurons, trained on ${model.dataset} for ${model.epochs} epochs`;
    const { form, ink } = model.preparation;
    colours = form === "as_is" && ink === "light" ? ["#fff", "#000"] : ["#000", "#fff"];
    confusion(model.confusion);
  } catch (error) {
    document.querySelector("#model").textContent = error.message;
  }
}

function confusion(counts) {
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
  head.append(cell("th", ""), ...counts.map((_, digit) => cell("th", digit, "col")));
  counts.forEach((row, digit) => {
    const line = table.insertRow();
    line.append(cell("th", digit, "row"));
    row.forEach((count, predicted) => {
      const found = cell("td", count || "");
      const share = digit === predicted ? 0 : count / worst;
      found.style.backgroundColor = digit === predicted ? "var(--bar)" : `color-mix(in srgb, var(--against) ${Math.round(70 * share)}%, transparent)`;
      line.append(found);
    });
  });
}

const FEATURES = {
  pixel_mean: "mean grey value", ink: "ink", slant: "slant", thickness: "stroke thickness", digit: "predicted digit", confidence: "confidence",
};

async function drift() {
  let found;
  try {
    found = await ask("drift");
  } catch {
    return; // the page shows errors of the service elsewhere
  }
  document.querySelector(".drift").hidden = !found.watching;
  const alarms = found.features.filter((feature) => feature.alarm).map((feature) => FEATURES[feature.feature]);
  document.querySelector("#drift-state").textContent = !found.images
    ? "No images have been sent to /predict yet. Drawings on this page do not count."
    : `The latest ${found.images.toLocaleString("en")} images sent to /predict: ${alarms.length ? `drift in ${alarms.join(", ")}` : "no drift"}. Drawings on this page do not count.`;
  const table = document.querySelector("#drift");
  table.querySelectorAll("tr").forEach((row) => row.remove());
  table.hidden = !found.features.length;
  const head = table.insertRow();
  head.append(...["feature", "PSI (threshold)", "KL (threshold)", "KS (threshold)", ""].map((text) => cell("th", text, "col")));
  for (const feature of found.features) {
    const line = table.insertRow();
    const measures = ["psi", "kl", "ks"].map((name) =>
      cell("td", feature[name] === null ? "–" : `${feature[name].toFixed(3)} (${feature.limits[name]})`));
    const state = cell("td", feature.alarm ? "drift" : "no drift");
    state.className = feature.alarm ? "alarm" : "";
    line.append(cell("td", FEATURES[feature.feature]), ...measures, state);
  }
}

function cell(kind, text, scope) {
  const element = document.createElement(kind);
  element.textContent = text;
  if (scope) element.scope = scope;
  return element;
}

draw();
answer();
describe();
drift();
setInterval(() => { if (!document.hidden) drift(); }, 10000);

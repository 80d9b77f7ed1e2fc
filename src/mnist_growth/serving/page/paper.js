// The drawing area. It has strokes, which are stored as points and drawn dark on light, or a picture that was chosen.
const paper = document.querySelector("#paper");
const context = paper.getContext("2d");
const pen = document.querySelector("#pen");
const MARGIN = 12; // pixels between the pen's centre and the edge of the paper, so that the background stays visible
const STEP = 8; // pixels per press of an arrow key
let strokes = []; // of {width, points: [[x, y], ...]}
let picture = null; // {image: the content to send, bitmap: null if the browser cannot show it, name}
let current = null; // the stroke being drawn
let cursor = { x: 140, y: 140, down: false, shown: false };
let changed = () => {};
let colours = ["#000", "#fff"]; // ink and paper of the image that is sent, as in the images that the network knows

// Call a function after every change.
export function onChange(call) {
  changed = call;
}

// Draw in the way that the network's preparation of images expects.
export function drawFor({ form, ink }) {
  colours = form === "as_is" && ink === "light" ? ["#fff", "#000"] : ["#000", "#fff"];
}

export const isEmpty = () => !strokes.length && !picture;
export const isDrawing = () => current !== null;

// The image to send: the picture, or the strokes as a PNG.
export async function content() {
  if (picture) return picture.image;
  const copy = new OffscreenCanvas(paper.width, paper.height);
  draw(copy.getContext("2d"), colours);
  return copy.convertToBlob({ type: "image/png" });
}

export function showPicture(shown) {
  strokes = [];
  current = null;
  cursor.down = false;
  picture = shown;
  touched();
}

export function clear() {
  strokes = [];
  picture = current = null;
  cursor.down = false;
  touched();
}

function undo() {
  if (picture) return clear();
  strokes.pop();
  current = null;
  cursor.down = false;
  touched();
}

function start(point) {
  picture = null;
  current = { width: Number(pen.value), points: [point] };
  strokes.push(current);
}

function touched() {
  redraw();
  changed();
}

function redraw() {
  const style = getComputedStyle(document.documentElement);
  const [ink, back, accent] = ["--ink", "--paper", "--accent"].map((name) => style.getPropertyValue(name));
  draw(context, [ink, back]);
  if (picture) drawPicture(ink);
  if (!cursor.shown) return;
  context.strokeStyle = accent;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(cursor.x, cursor.y, cursor.down ? pen.value / 2 + 3 : 10, 0, 2 * Math.PI);
  context.stroke();
}

function draw(target, [ink, back]) {
  target.fillStyle = back;
  target.fillRect(0, 0, paper.width, paper.height);
  target.strokeStyle = ink;
  target.lineCap = target.lineJoin = "round";
  for (const { width, points } of strokes) {
    target.lineWidth = width;
    target.beginPath();
    target.moveTo(points[0][0] + 0.1, points[0][1]); // a line of length zero would leave no dot
    for (const point of points) target.lineTo(...point);
    target.stroke();
  }
}

function drawPicture(ink) {
  const { bitmap, name } = picture;
  if (!bitmap) {
    context.fillStyle = ink;
    context.font = "14px system-ui, sans-serif";
    context.textAlign = "center";
    context.fillText(name, paper.width / 2, paper.height / 2, paper.width - 2 * MARGIN);
    return;
  }
  const scale = Math.min(paper.width / bitmap.width, paper.height / bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  const [left, top] = [(paper.width - width) / 2, (paper.height - height) / 2];
  context.fillStyle = "#ffffff"; // below transparent pictures, in both themes
  context.fillRect(left, top, width, height);
  context.imageSmoothingEnabled = scale < 4;
  context.drawImage(bitmap, left, top, width, height);
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
  start(place(event));
  touched();
});
paper.addEventListener("pointermove", (event) => {
  if (!current || !paper.hasPointerCapture(event.pointerId)) return;
  const events = event.getCoalescedEvents?.() ?? [];
  current.points.push(...(events.length ? events : [event]).map(place));
  touched();
});
for (const name of ["pointerup", "pointercancel"]) {
  paper.addEventListener(name, () => {
    current = null;
    changed();
  });
}

const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
paper.addEventListener("keydown", (event) => {
  if (event.key in ARROWS) {
    const [right, down] = ARROWS[event.key];
    cursor = { ...cursor, x: within(cursor.x + right), y: within(cursor.y + down), shown: true };
    if (cursor.down) current.points.push([cursor.x, cursor.y]);
  } else if (event.key === " ") {
    cursor = { ...cursor, down: !cursor.down, shown: true };
    if (cursor.down) start([cursor.x, cursor.y]);
    else current = null;
  } else if (event.key === "Escape") {
    clear();
  } else {
    return;
  }
  event.preventDefault();
  touched();
});
paper.addEventListener("focus", () => { cursor.shown = paper.matches(":focus-visible"); redraw(); });
paper.addEventListener("blur", () => { cursor.shown = cursor.down = false; current = null; redraw(); });
document.querySelector("#clear").addEventListener("click", clear);
document.querySelector("#undo").addEventListener("click", undo);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", touched);

// A hint for the devices that there are: a keyboard usually comes with a mouse.
const mouse = matchMedia("(hover: hover) and (pointer: fine)");
function hint() {
  document.querySelector("#hint").textContent = mouse.matches
    ? "Draw with mouse, pen or finger, or drop or paste an image. Keyboard: arrow keys move the pen, space lowers or lifts it, Escape clears."
    : "Draw with a finger or a pen.";
}
mouse.addEventListener("change", hint);
hint();
redraw();

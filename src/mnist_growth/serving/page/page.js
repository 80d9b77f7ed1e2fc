// The drawing page. After every change, and when the previous response has arrived, the image is sent to the service.
import { content, isDrawing, isEmpty, onChange } from "./paper.js";
import "./pictures.js";
import { empty, show, speak } from "./prediction.js";
import { ask, onToken } from "./service.js";
import { describe, drift } from "./tables.js";

const DRIFT_INTERVAL = 10_000; // milliseconds
const RETRY_AFTER = 1000; // milliseconds
const problem = document.querySelector("#problem");
const method = document.querySelector("#method");
let asking = false; // a request is in progress
let changed = false; // since the last request
let last = null; // the latest answer

function touched() {
  changed = true;
  answer();
}

async function answer() {
  document.querySelector(".answer").setAttribute("aria-busy", asking || changed);
  if (asking || !changed) return;
  changed = false;
  if (isEmpty()) {
    problem.hidden = true;
    empty();
    return answer();
  }
  asking = true;
  try {
    last = await ask(`explain?method=${method.value}`, await content());
    problem.hidden = true;
    if (!isEmpty()) show(last);
  } catch (error) {
    if (error.status !== 503) empty();
    problem.textContent = error.message;
    problem.hidden = false;
    last = null;
    if (error.status === 503) setTimeout(touched, RETRY_AFTER);
  } finally {
    asking = false;
  }
  if (last && !changed && !isDrawing() && !isEmpty()) speak(last);
  requestAnimationFrame(answer);
}

onChange(touched);
method.addEventListener("change", touched);
onToken(() => {
  describe();
  drift();
  touched();
});
answer();
describe();
drift();
setInterval(() => { if (!document.hidden) drift(); }, DRIFT_INTERVAL);

// Pictures from elsewhere: a file that is chosen, dropped or pasted, and the examples.
import { showPicture } from "./paper.js";

const MAX_BYTES = 500_000; // larger files are reduced before they are sent
const MAX_SIDE = 1600; // pixels of a reduced picture
const EXAMPLES = 10;
const SIDE = 28; // pixels

async function show(file) {
  if (!file) return;
  let bitmap = null;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    // The browser cannot show it; perhaps the service can read it.
  }
  const image = bitmap && file.size > MAX_BYTES ? await reduced(bitmap) : file;
  showPicture({ image, bitmap, name: file.name });
}

function reduced(bitmap) {
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
  const target = canvas.getContext("2d");
  target.fillStyle = "#fff"; // JPEG has no transparency
  target.fillRect(0, 0, canvas.width, canvas.height);
  target.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
}

const imageIn = (transfer) => [...(transfer?.files ?? [])][0];

const picker = document.querySelector("#file");
picker.addEventListener("change", async () => {
  await show(picker.files[0]);
  picker.value = ""; // the same file may be chosen again
});
document.addEventListener("paste", (event) => show(imageIn(event.clipboardData)));
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("dropping");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  show(imageIn(event.dataTransfer));
});

// The examples are side by side in one picture, one of each digit.
async function addExamples() {
  const strip = new Image();
  strip.src = new URL("examples.png", import.meta.url);
  await strip.decode();
  for (let digit = 0; digit < EXAMPLES; digit += 1) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIDE;
    canvas.getContext("2d").drawImage(strip, -digit * SIDE, 0);
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", `Handwritten ${digit}`);
    button.append(canvas);
    button.addEventListener("click", () => canvas.toBlob(show));
    document.querySelector("#examples").append(button);
  }
}
addExamples();

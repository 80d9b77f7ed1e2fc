// The answer of the network: digit, probabilities, doubts, its input and the attribution of the pixels.
const digitText = document.querySelector("#digit");
const spoken = document.querySelector("#spoken");
const doubts = document.querySelector("#doubt");
const meaning = document.querySelector("#meaning");
const SIGNED = meaning.innerHTML;
const SENSITIVE = 'Pixels whose <span class="for">change</span> changes the prediction most';

let bars = [];
let names = [];
showClasses(Array.from({ length: 10 }, (_, digit) => String(digit)));

// Show a bar for each class of the network.
export function showClasses(classNames) {
  if (names.join("\n") === classNames.join("\n")) return;
  names = classNames;
  document.querySelector("#bars").replaceChildren();
  bars = names.map(bar);
}

function bar(name) {
  const item = document.createElement("li");
  item.innerHTML = `<span></span><span class="track"><span class="fill"></span></span><span class="share">–</span>`;
  item.firstChild.textContent = name;
  item.querySelector(".track").style.display = item.querySelector(".fill").style.display = "block";
  document.querySelector("#bars").append(item);
  return { item, fill: item.querySelector(".fill"), share: item.querySelector(".share") };
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;

export function show({ prediction, confidence, probabilities, image, saliency, method, doubt }) {
  digitText.innerHTML = `<b></b> <span>${percent(confidence)}</span>`;
  digitText.firstChild.replaceWith(names[prediction]);
  bars.forEach(({ item, fill, share }, number) => {
    fill.style.transform = `scaleX(${probabilities[number]})`;
    share.textContent = percent(probabilities[number]);
    item.classList.toggle("best", number === prediction);
  });
  showDoubts(doubt ?? []);
  paint("#seen", image, (grey) => [grey, grey, grey, 255]);
  const style = getComputedStyle(document.documentElement);
  const [agree, oppose] = ["--for", "--against"].map((name) => rgb(style.getPropertyValue(name)));
  meaning.innerHTML = method === "saliency" ? SENSITIVE : SIGNED;
  paint("#saliency", saliency, (value) => [...(value < 0 ? oppose : agree), 255 * Math.sqrt(Math.abs(value))]);
}

// Tell screen readers an answer that will stay; while a stroke is drawn, answers change many times a second.
export function speak({ prediction, confidence, doubt }) {
  const text = [`${names.length === 10 ? "Digit" : "Class"} ${names[prediction]}, ${percent(confidence)}`, ...(doubt ?? [])].join(". ");
  if (spoken.textContent !== text) spoken.textContent = text;
}

export function empty() {
  digitText.textContent = "–";
  spoken.textContent = "";
  showDoubts([]);
  for (const { item, fill, share } of bars) {
    fill.style.transform = "scaleX(0)";
    share.textContent = "–";
    item.classList.remove("best");
  }
  for (const selector of ["#seen", "#saliency"]) document.querySelector(selector).getContext("2d").clearRect(0, 0, 28, 28);
}

function showDoubts(reasons) {
  doubts.hidden = !reasons.length;
  doubts.replaceChildren(...reasons.map((reason) => Object.assign(document.createElement("li"), { textContent: reason })));
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

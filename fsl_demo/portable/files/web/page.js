// Answers which class a picture is of, in the browser alone.
import * as ort from "../runtime/ort.wasm.min.mjs";

const SHOWN = 5;
const MAX_PIXELS = 40_000_000;
const element = (id) => document.getElementById(id);
const texts = await texted();
const { classes, none_below: noneBelow } = await json("classifier.json");
let session = null;
let waiting = Promise.resolve();
let stream = null;

async function json(name) {
  return (await fetch(name)).json();
}

async function texted() {
  const known = await json("page/texts.json");
  const language = navigator.languages.map((code) => Object.keys(known).find((name) => name.split("-")[0] === code.split("-")[0])).find(Boolean) ?? "en";
  document.documentElement.lang = language;
  for (const place of document.querySelectorAll("[data-text]")) place.textContent = known[language][place.dataset.text];
  document.title = known[language].title;
  return known[language];
}

const say = (key, values = {}) => texts[key].replace(/{(\w+)}/g, (_, name) => values[name]);

function made(tag, content = "", className = "") {
  const node = Object.assign(document.createElement(tag), { className });
  node.append(...[content].flat());
  return node;
}

// Upright RGB over white, as the model reads it.
function pixels(source, width, height) {
  if (width * height > MAX_PIXELS) throw new Error(say("large", { limit: MAX_PIXELS / 1e6 }));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(source, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    rgb[to++] = data[from];
    rgb[to++] = data[from + 1];
    rgb[to++] = data[from + 2];
  }
  return new ort.Tensor("uint8", rgb, [height, width, 3]);
}

// One picture at a time, in the order in which they came.
function classify(picture) {
  const answer = waiting.then(async () => {
    const { similarities, probabilities } = await session.run({ picture });
    const order = [...probabilities.data.keys()].sort((a, b) => probabilities.data[b] - probabilities.data[a]);
    const [best] = order;
    return {
      label: classes[best],
      probability: probabilities.data[best],
      unlike: noneBelow === null ? null : similarities.data[best] < noneBelow,
      ranked: order.map((index) => [classes[index], probabilities.data[index]]),
    };
  });
  waiting = answer.catch(() => {});
  return answer;
}

export async function predict(blob) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob, { imageOrientation: "from-image" });
  } catch {
    throw new Error(say("unreadable"));
  }
  return classify(pixels(bitmap, bitmap.width, bitmap.height));
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;

function shown(answer) {
  const list = made("dl");
  for (const [name, share] of answer.ranked.slice(0, SHOWN)) {
    const bar = Object.assign(made("meter"), { value: share, ariaHidden: "true" });
    list.append(made("dt", name), made("dd", [bar, ` ${percent(share)}`]));
  }
  return [headline(answer), list];
}

function headline(answer) {
  const line = made("div", [made("strong", answer.label), ` ${percent(answer.probability)} `]);
  if (answer.unlike) line.append(made("span", say("unlike"), "unlike"));
  return line;
}

async function add(files) {
  for (const file of files) {
    const body = made("div", made("div", file.name, "name hint"));
    const image = Object.assign(document.createElement("img"), { alt: "" });
    const row = made("li", [image, body]);
    element("answers").prepend(row);
    image.src = URL.createObjectURL(file);
    image.onload = image.onerror = () => URL.revokeObjectURL(image.src);
    try {
      body.append(...shown(await predict(file)));
    } catch (error) {
      body.append(made("div", error.message, "wrong"));
    }
  }
}

async function follow() {
  const video = element("video");
  while (stream) {
    if (video.videoWidth) {
      const answer = await classify(pixels(video, video.videoWidth, video.videoHeight));
      if (stream) element("live-answer").replaceChildren(headline(answer));
    }
    await new Promise(requestAnimationFrame);
  }
}

async function toggle() {
  const button = element("camera");
  if (stream) {
    for (const track of stream.getTracks()) track.stop();
    stream = null;
  } else {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 } } });
      element("video").srcObject = stream;
    } catch {
      element("state").textContent = say("no_camera");
    }
  }
  button.setAttribute("aria-pressed", String(Boolean(stream)));
  element("live").hidden = !stream;
  if (stream) follow();
}

function over(event) {
  event.preventDefault();
  document.body.classList.toggle("over", event.type === "dragover");
}

element("classes").textContent = say("classes", { names: classes.join(", ") });
try {
  ort.env.wasm.wasmPaths = new URL("../runtime/", import.meta.url).href;
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.proxy = true;
  session = await ort.InferenceSession.create(new URL("../classifier.onnx", import.meta.url).href, { executionProviders: ["wasm"] });
  element("state").textContent = say("ready");
  for (const control of [element("files"), element("camera")]) control.disabled = false;
  element("files").addEventListener("change", (event) => add([...event.target.files]));
  element("camera").addEventListener("click", toggle);
  for (const name of ["dragover", "dragleave"]) document.addEventListener(name, over);
  document.addEventListener("drop", (event) => {
    over(event);
    add([...event.dataTransfer.files]);
  });
} catch (error) {
  element("state").textContent = say("failed", { reason: error.message });
}

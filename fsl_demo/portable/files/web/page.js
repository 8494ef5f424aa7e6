// Answers which class a picture is of, in the browser alone.
import * as ort from "../runtime/ort.wasm.min.mjs";
import { eightBits } from "./deep.js";

const SHOWN = 5;
const MAX_PIXELS = 40_000_000;
const ORIENTATION = 0x0112;
const EXIF_FLAG = 0x08;
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
function pixels(source, width, height, orientation = 1) {
  if (width * height > MAX_PIXELS) throw new Error(say("large", { limit: MAX_PIXELS / 1e6 }));
  const size = orientation > 4 ? [height, width] : [width, height];
  const canvas = new OffscreenCanvas(...size);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, ...size);
  context.imageSmoothingEnabled = false;
  context.setTransform(...TURNS(width, height)[orientation - 1]);
  context.drawImage(source, 0, 0);
  const { data } = context.getImageData(0, 0, ...size);
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    rgb[to++] = data[from];
    rgb[to++] = data[from + 1];
    rgb[to++] = data[from + 2];
  }
  return new ort.Tensor("uint8", rgb, [size[1], size[0], 3]);
}

// By EXIF's orientation, from 1.
const TURNS = (width, height) => [
  [1, 0, 0, 1, 0, 0],
  [-1, 0, 0, 1, width, 0],
  [-1, 0, 0, -1, width, height],
  [1, 0, 0, -1, 0, height],
  [0, 1, 1, 0, 0, 0],
  [0, 1, -1, 0, height, 0],
  [0, -1, -1, 0, height, width],
  [0, -1, 1, 0, 0, width],
];

// Browsers turn no WebP by its EXIF, or some do: it is taken out of the file, and heeded here.
async function withoutExif(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const view = new DataView(bytes.buffer);
  const text = (at) => String.fromCharCode(...bytes.subarray(at, at + 4));
  let orientation = 1;
  if (text(0) !== "RIFF" || text(8) !== "WEBP") return { blob, orientation };
  for (let at = 12, size; at + 8 < bytes.length; at += 8 + size + (size % 2)) {
    size = view.getUint32(at + 4, true);
    if (text(at) === "VP8X") bytes[at + 8] &= ~EXIF_FLAG;
    if (text(at) === "EXIF") {
      orientation = orientationIn(view, at + 8 + (text(at + 8) === "Exif" ? 6 : 0));
      bytes.set([88, 88, 88, 88], at);
    }
  }
  return { blob: new Blob([bytes]), orientation };
}

// What the first directory of a TIFF says; a damaged one says nothing.
function orientationIn(view, start) {
  try {
    const little = view.getUint16(start) === 0x4949;
    const directory = start + view.getUint32(start + 4, little);
    const entries = view.getUint16(directory, little);
    for (let entry = directory + 2; entry < directory + 2 + 12 * entries; entry += 12) {
      if (view.getUint16(entry, little) !== ORIENTATION) continue;
      const value = view.getUint16(entry + 8, little);
      return value >= 1 && value <= 8 ? value : 1;
    }
  } catch {}
  return 1;
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

export async function predict(file) {
  const { blob, orientation } = await withoutExif(file);
  let bitmap;
  try {
    bitmap = await createImageBitmap(await eightBits(blob, MAX_PIXELS), { imageOrientation: "from-image", premultiplyAlpha: "none" });
  } catch {
    throw new Error(say("unreadable"));
  }
  return classify(pixels(bitmap, bitmap.width, bitmap.height, orientation));
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
    image.onload = () => URL.revokeObjectURL(image.src);
    image.onerror = () => image.removeAttribute("src");
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

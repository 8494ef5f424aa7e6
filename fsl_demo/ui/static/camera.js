// The camera: frames of it become pictures of a class while a button is held, or are answered as they come.
import { element, html, morph, percent } from "./dom.js";
import * as state from "./state.js";
import { currentDraft } from "./queue.js";
import { t } from "./texts.js";
import * as uploads from "./uploads.js";

const EVERY = 200;
const SIDE = 640;
const LIVE_SIDE = 320;

let stream = null;
let place = null;
let recording = null;
let live = false;

export async function toggle(key, answers) {
  const wanted = document.querySelector(`[data-camera="${CSS.escape(key)}"]`);
  const same = place === wanted;
  close();
  if (same || !wanted) return;
  place = wanted;
  place.hidden = false;
  if (!navigator.mediaDevices?.getUserMedia) return say(t("camera.none"));
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 }, height: { ideal: 720 } } });
  } catch (error) {
    return say(error.name === "NotAllowedError" ? t("camera.refused") : t("camera.none"));
  }
  place.replaceChildren(
    element(html`<div class="camera-box"><video autoplay muted playsinline class="mirrored" aria-label="${t("camera")}"></video>
    <div class="line">${answers ? html`<p class="live-answer" aria-live="polite">…</p>` : html`<button class="primary" data-record="${key}">${t("camera.hold")}</button>`}<span class="count" data-frames></span>
    <button class="quiet" data-action="close-camera">${t("close")}</button></div></div>`),
  );
  const video = place.querySelector("video");
  video.srcObject = stream;
  await video.play();
  if (answers) follow(video);
  else hold(place.querySelector("[data-record]"), video, key);
}

export function close() {
  live = false;
  clearInterval(recording);
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  if (place) {
    place.replaceChildren();
    place.hidden = true;
  }
  place = null;
}

const say = (text) => place.replaceChildren(element(html`<p class="warn" role="alert">${text}</p>`));

// A frame as the camera sees it: only the preview is mirrored.
function frame(video, side) {
  const scale = Math.min(1, side / Math.max(video.videoWidth, video.videoHeight));
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(video.videoWidth * scale), height: Math.round(video.videoHeight * scale) });
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
}

function hold(button, video, key) {
  const frames = [];
  const counter = place.querySelector("[data-frames]");
  const begin = () => {
    if (recording) return;
    const take = async () => {
      const number = frames.push(null);
      frames[number - 1] = await frame(video, SIDE);
      counter.textContent = t("camera.frames", { n: number });
    };
    take();
    recording = setInterval(take, EVERY);
  };
  const end = async () => {
    if (!recording) return;
    clearInterval(recording);
    recording = null;
    const time = new Date().toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
    const taken = frames.splice(0).filter(Boolean);
    await uploads.add(taken.map((blob, n) => { const name = `camera-${time}-${n + 1}.jpg`; return { file: new File([blob], name, { type: "image/jpeg" }), name }; }), key);
  };
  button.addEventListener("pointerdown", (event) => {
    button.setPointerCapture(event.pointerId);
    begin();
  });
  for (const name of ["pointerup", "pointercancel", "blur"]) button.addEventListener(name, end);
  button.addEventListener("keydown", (event) => {
    if ([" ", "Enter"].includes(event.key)) {
      event.preventDefault();
      begin();
    }
  });
  button.addEventListener("keyup", (event) => [" ", "Enter"].includes(event.key) && end());
}

async function follow(video) {
  live = true;
  const line = place.querySelector(".live-answer");
  while (live) {
    const started = performance.now();
    const blob = await frame(video, LIVE_SIDE);
    try {
      const answer = await fetch(`/workbench/live?draft=${currentDraft()}`, { method: "POST", headers: { "Content-Type": "image/jpeg" }, body: blob });
      const prediction = await answer.json();
      if (!live) return;
      if (!answer.ok) morph(line, html`${prediction.error}`);
      else morph(line, html`<b>${state.className(prediction.answer, t)}</b> ${percent(prediction.p)}${prediction.unlike ? html` <span class="mark unlike">${t("unlike")}</span>` : ""} <small class="hint">${prediction.method} · ${prediction.ms} ms${prediction.whole ? ` · ${t("camera.whole")}` : ""}</small>`);
    } catch {
      if (live) morph(line, t("saving.offline"));
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, EVERY - (performance.now() - started))));
  }
}

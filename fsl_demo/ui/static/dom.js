// Small helpers for the document.
import { Idiomorph } from "./vendor/idiomorph.js";

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export const escape = (text) => String(text).replace(/[&<>"']/g, (letter) => ESCAPES[letter]);

class Html extends String {}

// html`<b>${text}</b>` escapes what is put in, unless it is html itself; lists are joined.
export function html(strings, ...values) {
  const put = (value) => {
    if (value instanceof Html) return String(value);
    if (Array.isArray(value)) return value.map(put).join("");
    return value === null || value === undefined || value === false ? "" : escape(value);
  };
  return new Html(strings.reduce((text, part, i) => text + put(values[i - 1]) + part));
}

export function element(markup) {
  const template = document.createElement("template");
  template.innerHTML = String(markup).trim();
  return template.content.firstElementChild;
}

// The script keeps what is in these; the server does not know it.
const KEPT = "[data-body], [data-camera]";

// Controls that a person changed, each with the number of the edit: older answers do not set them back.
const changedBy = new Map();

export const keepUntil = (control, number) => changedBy.set(control, number);

export function written(number) {
  for (const [control, edit] of changedBy) if (edit <= number) changedBy.delete(control);
}

// Change the content of an element to `markup`, keeping elements, focus, what is being typed and what is unfolded.
export function morph(root, markup) {
  Idiomorph.morph(root, String(markup), {
    morphStyle: "innerHTML",
    ignoreActiveValue: isTyping(document.activeElement), // a focused button gets its new text
    callbacks: {
      beforeNodeMorphed: (old, fresh) => {
        if (old.nodeType !== Node.ELEMENT_NODE || old === root) return true;
        if (changedBy.has(old)) return false;
        if (old.dataset.part && old.dataset.part === fresh.dataset?.part) return false;
        return !(old.matches(KEPT) && fresh.matches?.(KEPT));
      },
      beforeAttributeUpdated: (name, node) => !(name === "open" && node.nodeName === "DETAILS"),
    },
  });
}

// What comes by itself moves nothing while a button of the mouse is down: what was pressed must be there when it is let go.
let pressed = false;
const held = new Set();

export function onceReleased(change) {
  if (pressed) held.add(change);
  else change();
}

function released() {
  pressed = false;
  for (const change of held) change();
  held.clear();
}

addEventListener("pointerdown", (event) => (pressed = event.button === 0), true);
for (const end of ["pointerup", "pointercancel", "contextmenu", "blur"]) addEventListener(end, () => setTimeout(released)); // after the click

export const isShown = (el) => Boolean(el && el.getClientRects().length);

export const isTyping = (target) =>
  Boolean(target?.closest?.("textarea, select, [contenteditable], input:not([type=checkbox]):not([type=range]):not([type=radio])"));

export async function post(path, body) {
  const answer = await fetch(`/workbench/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (answer.status === 401) location.assign("/login"); // the session has ended; what is not sent yet is kept
  if (answer.status === 204) return {};
  const read = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(read.error || answer.statusText), { refused: answer.status === 409, code: read.code });
  return read;
}

export const thumbnail = (sha) => `/workbench/pictures/${sha}/thumbnail`;
export const shown = (sha) => `/workbench/pictures/${sha}/shown`;
export const percent = (value) => `${Math.round(100 * value)} %`;
export const token = (length) =>
  [...crypto.getRandomValues(new Uint8Array(length / 2))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

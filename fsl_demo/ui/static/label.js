// The Label tab: one query at a time. A key acts on the picture that is on the screen when it is pressed.
import * as chooser from "./chooser.js";
import { element, html, isShown, morph, percent, shown, thumbnail } from "./dom.js";
import * as labelling from "./labelling.js";
import * as queue from "./queue.js";
import * as state from "./state.js";
import { account, t } from "./texts.js";
import { VirtualList } from "./virtual.js";

const ITEM = 58;
const AHEAD = 3;

let root = null;
let list = null;
let cursor = "";
let shownAt = 0;
let opened = null; // a cell of a confusion matrix: { method, truth, answer }

export function mount(element) {
  root = element;
  list = new VirtualList(root.querySelector("#label-queue"), item);
  root.querySelector("#label-queue").setAttribute("aria-label", t("queries"));
  draw();
}

const name = (key) => state.className(key, t);

export function draw() {
  if (!root || !isShown(root)) return;
  const order = labelling.workOrder();
  const ready = order.length && state.classes().length;
  root.classList.toggle("nothing", !ready);
  if (!ready) {
    morph(root.querySelector("#label-bar"), html`<div class="empty"><h2>${t("nothing_to_label")}</h2><p>${t("nothing_to_label_hint")}</p></div>`);
    morph(root.querySelector("#question"), "");
    list.show([]);
    return;
  }
  if (!order.some((row) => row.id === cursor)) look(order[0].id);
  bar(order);
  list.show(
    order.map((row) => ({ key: row.id, height: ITEM, row, sign: [row.id === cursor, row.label, row.answer, row.waiting, name(row.label ?? row.answer)].join() })),
  );
  question(order);
  confusion();
}

function look(id) {
  cursor = id;
  shownAt = performance.now();
  chooser.forget();
}

function bar(order) {
  const done = order.filter((row) => row.label).length;
  const { steps = 0 } = state.data("draft", {});
  morph(
    root.querySelector("#label-bar"),
    html`<div class="line">${account ? "" : html`<label>${t("annotator")} <input type="text" id="annotator" maxlength="60" value="${labelling.annotatorName()}" placeholder="${t("annotator_placeholder")}"></label>`}
    <span class="grow">${t("labelled_of", { n: done, total: order.length })} <progress max="${order.length}" value="${done}" aria-label="${t("labelled_of", { n: done, total: order.length })}"></progress></span>
    <button class="quiet" data-edit="undo" data-key="Ctrl+z" title="Ctrl+Z" ${steps || queue.waiting() ? "" : "disabled"}>↶ ${t("undo")}</button>
    <button class="quiet" data-action="keys-help" title="?">${t("keys")} <kbd>?</kbd></button>
    <button class="primary" data-edit="save" data-key="Ctrl+s" title="Ctrl+S">${t("save_episode")}</button></div>`,
  );
}

function item({ row }) {
  const text = row.label ? `✓ ${name(row.label)}` : row.answer ? `${name(row.answer)}?` : t("unlabelled");
  return element(html`<button class="item ${row.id === cursor ? "on" : ""} ${row.label ? "done" : ""}" data-action="look-at" data-id="${row.id}" ${row.id === cursor ? html`aria-current="true"` : ""}>
    <img src="${thumbnail(row.sha)}" alt="" width="44" height="44"><span>${text}${row.waiting ? html` <i class="waiting" title="${t("saving.waiting_one")}">●</i>` : ""}</span></button>`);
}

function question(order) {
  const row = state.row(cursor);
  const suggested = row.answer && !row.label ? row.answer : "";
  const typed = chooser.typedSoFar();
  const first = chooser.candidates()[0]?.key;
  const classes = state.classes();
  const choice = (key, label, number) =>
    html`<button class="choice ${row.label === key ? "on" : ""} ${first === key ? "first" : ""}" data-action="answer" data-answer="${key}" aria-pressed="${String(row.label === key)}">${label} <kbd>${number}</kbd></button>`;
  morph(
    root.querySelector("#question"),
    html`<img class="large" id="question-picture" src="${shown(row.sha)}" alt="${row.name}" data-enlarge="${row.sha}"><p class="name">${row.name}
    ${row.unlike ? html`<span class="mark unlike">${t("unlike")}</span>` : ""}${row.differs ? html`<span class="mark differs">≠ ${t("methods_differ")}</span>` : ""}</p>
    ${row.label ? html`<p class="given">✓ ${name(row.label)}</p>` : ""}
    ${suggested ? html`<button class="primary wide" data-action="answer" data-answer="${suggested}">${t("confirm", { name: name(suggested) })} · ${percent(row.p)} <kbd>Enter</kbd></button>` : ""}
    <p class="typed" aria-live="polite">${typed ? html`${typed}… ${first ? html`<b>${name(first)}</b> <kbd>Enter</kbd>` : ""}` : ""}</p>
    <div class="choices" role="group" aria-label="${t("label")}">${classes.map((entry, n) => choice(entry.key, entry.name, chooser.keyOf(n)))}${choice(state.NONE, t("none"), chooser.noneKey())}</div>
    ${row.label && row.label !== state.NONE ? html`<button class="quiet wide" data-action="join">${t("join_support")} <kbd>+</kbd></button>` : ""}
    <div class="line"><button class="quiet" data-action="step" data-by="-1" aria-label="${t("previous")}">←</button><button class="quiet" data-action="step" data-by="1" aria-label="${t("next")}">→</button>
    <span class="hint">${t(classes.length > 9 ? "keys_hint_many" : "keys_hint")}</span></div>`,
  );
  const place = order.findIndex((other) => other.id === cursor);
  for (const next of order.slice(place + 1, place + 1 + AHEAD)) new Image().src = shown(next.sha);
}

// The pictures of a cell of a confusion matrix.
function confusion() {
  const place = root.querySelector("#confusion-pictures");
  if (!place) return;
  if (!opened) return place.replaceChildren();
  const rows = state.rows().filter((row) => row.label === opened.truth && row.methods?.[opened.method]?.[0][0][0] === opened.answer);
  morph(
    place,
    html`<p>${t("cell_title", { truth: name(opened.truth), said: name(opened.answer) })}</p><div class="thumbs">${rows.map((row) => html`<button data-action="look-at" data-id="${row.id}"><img src="${thumbnail(row.sha)}" alt="${row.name}" loading="lazy" width="72" height="72"></button>`)}</div>`,
  );
}

export const isOnView = () => isShown(root) && Boolean(state.row(cursor));

export function lookAt(id) {
  look(id);
  draw();
}

export function openConfusion(cell) {
  opened = cell;
  draw();
}

export function answer(key) {
  const id = cursor;
  const order = labelling.workOrder();
  const following = order.find((row) => !row.label && row.id !== id);
  const seconds = (performance.now() - shownAt) / 1000;
  look(following ? following.id : id);
  labelling.label(id, key, seconds);
  draw(); // at once: the next key may come before the next frame, and is about what is on view then
}

export function step(by) {
  const order = labelling.workOrder();
  const place = order.findIndex((row) => row.id === cursor) + by;
  lookAt(order[Math.max(0, Math.min(order.length - 1, place))].id);
  list.reveal(Math.max(0, Math.min(order.length - 1, place)));
}

export function join() {
  const id = cursor;
  const following = labelling.workOrder().find((row) => !row.label && row.id !== id);
  labelling.join(id);
  if (following) look(following.id);
  draw();
}

// A key while the tab is on view; gives whether it meant something.
export function key(event) {
  const pressed = chooser.press(event.key);
  if (pressed) {
    if (pressed.answer) answer(pressed.answer);
    else draw();
    return true;
  }
  const row = state.row(cursor);
  if (event.key === "Enter" && row.answer && !row.label) answer(row.answer);
  else if (event.key === "Enter" && row.label) step(1);
  else if (event.key === "ArrowLeft" || event.key === "ArrowUp") step(-1);
  else if (event.key === "ArrowRight" || event.key === "ArrowDown") step(1);
  else if (event.key === "+") join();
  else if (event.key === "Delete" && row.label) labelling.label(cursor, "");
  else return false;
  return true;
}

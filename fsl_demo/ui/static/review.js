// The Review tab: one picture of a collection at a time, large, with what a classifier would say of it and why.
import { onCollection } from "./collections.js";
import { html, isShown, morph, percent, shown, thumbnail } from "./dom.js";
import * as jobs from "./jobs.js";
import * as labelling from "./labelling.js";
import { Panel, reloadIn } from "./panels.js";
import * as queue from "./queue.js";
import * as review from "./review_queue.js";
import * as state from "./state.js";
import { account, t } from "./texts.js";

const AHEAD = 6;
const BEHIND = 2;
const STRIP = [3, 20]; // pictures before and after the one on view
const PAUSE = 150; // milliseconds that a picture is on view before its evidence is fetched
const REACHED = 4_000; // milliseconds between two looks at how far the classifier has come
const { NONE, choices, view } = review;

let root = null;
let evidence = null;
let onView = ""; // hash of the picture on view
let shownAt = 0;
let revealed = false; // whether the suggestion of the picture on view may be seen, in blind mode
let typed = "";
let last = -1; // the picture of the strip that was selected last
let timer = 0;
let again = 0;
const selected = new Set();
const images = new Map(); // by hash: pictures that are decoded

export function mount(element) {
  root = element;
  root.querySelector("#review-strip").setAttribute("aria-label", t("review.strip"));
  root.addEventListener("change", chosen);
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.id !== "review-class" || event.isComposing) return;
    event.preventDefault();
    addClass(event.target.value);
    event.target.value = "";
    event.target.blur(); // so that the keys are the review's again
  });
}

export const isOnView = () => isShown(root);
const peeks = () => !choices.blind || revealed || selected.size > 1;
const keyOf = (place) => String(place + 1).padStart(review.classes().length > 9 ? 2 : 1, "0");

export async function openTab() {
  if (!(await review.load())) return;
  draw();
  review.learnFirst();
}

jobs.afterEnd("suggest", async () => {
  const known = review.current()?.suggestion;
  await review.learned();
  draw();
  if (!known) look();
});

// --- drawing -------------------------------------------------------------------------------------------------------

export function draw() {
  if (!root || !isShown(root) || !view.known) return;
  root.classList.toggle("nothing", !view.counts);
  if (!view.counts) return nothing();
  bar();
  const item = review.current();
  if (item) picture(item);
  else finished();
  question(item);
  strip();
}

function nothing() {
  morph(root.querySelector("#review-bar"), html`<div class="empty"><h2>${t("review.no_collection")}</h2><p>${t("review.no_collection_hint")}</p><div class="line"><button class="primary" data-action="go" data-tab="collection">${t("tab_collection")}</button></div></div>`);
  for (const part of ["#review-picture", "#review-question", "#review-strip", "#review-more"]) root.querySelector(part).replaceChildren();
}

const options = (all, value) => all.map(([key, text]) => html`<option value="${key}" ${key === value ? "selected" : ""}>${text}</option>`);

function bar() {
  const { counts } = view;
  const [left, rate] = [review.left(), review.rate()];
  const done = choices.which === "unlabelled" && !narrow() ? counts.labelled : view.items.length - (left - view.rest);
  const job = state.data("jobs", []).find((other) => other.kind === "suggest" && ["waiting", "running"].includes(other.state));
  if (job?.state === "running" && review.lacksSuggestion()) lookAgain();
  const learning = job ? `${t("review.learning")} ${job.text}` : view.learned ? t("review.learned", { n: view.learned }) : review.canLearn() ? t("review.learning") : t("review.not_learned");
  morph(
    root.querySelector("#review-bar"),
    html`<div class="line"><label>${t("review.collection")} <select data-review="collection">${options(view.collections.map((name) => [name, name]), choices.collection)}</select></label>
    <label>${t("review.order")} <select data-review="order">${options(["unsure", "unlike", "random", "disputed", "suspect"].map((key) => [key, t(`review_order.${key}`)]), choices.order)}</select></label>
    <details id="review-options" ${matchMedia("(min-width: 1000px)").matches ? "open" : ""}><summary>${t("review.options")}</summary><div class="line"><label>${t("review.which")} <select data-review="which" ${narrow() ? "disabled" : ""}>${options(["unlabelled", "mine", "all"].map((key) => [key, t(`review_which.${key}`)]), choices.which)}</select></label>
    <label>${t("label_matrix_of")} <select data-review="method">${options(view.methods, choices.method)}</select></label>
    <label class="check" title="${t("review.blind_title")}"><input type="checkbox" data-review="blind" ${choices.blind ? "checked" : ""}> ${t("review.blind")}</label>
    ${account ? "" : html`<label>${t("annotator")} <input type="text" data-review="annotator" maxlength="60" value="${labelling.annotatorName()}" placeholder="${t("annotator_placeholder")}"></label>`}</div></details></div>
    <div class="line"><span class="grow" id="review-progress"><progress max="${done + left}" value="${done}" aria-label="${t("review.done", { n: done, total: done + left })}"></progress> ${t("review.done", { n: done, total: done + left })} · ${t("review.left", { n: left })}${rate ? ` · ${t("review.rate", { n: rate.toFixed(0), time: lasting(left / rate) })}` : ""}${counts.unread ? html` · <span class="warn">${t("review.unread", { n: counts.unread })}</span>` : ""}</span>
    <span class="hint" id="review-learning">${learning}</span>
    <button class="quiet" data-action="review-undo" data-key="Ctrl+z" title="U · Ctrl+Z" ${review.canUndo() ? "" : "disabled"}>↶ ${t("undo")}</button>
    <button class="quiet" data-action="keys-help" title="?">${t("keys")} <kbd>?</kbd></button></div>`,
  );
  more();
}

// While the classifier goes through many pictures, those that it has reached are asked for now and then.
function lookAgain() {
  again ||= setTimeout(async () => {
    again = 0;
    if (isOnView() && (await review.load())) draw();
    look();
  }, REACHED);
}

const narrow = () => ["disputed", "suspect"].includes(choices.order);
const lasting = (minutes) => (minutes < 1 ? t("review.seconds", { n: Math.ceil(60 * minutes) }) : t("review.minutes", { n: Math.ceil(minutes) }));

// Second opinions and blind spots, folded; of another collection they are others.
function more() {
  const place = root.querySelector("#review-more");
  if (place.dataset.of === choices.collection && place.firstElementChild) return;
  place.dataset.of = choices.collection;
  const folded = (panel, text) => html`<details class="panel" id="review-${panel}" data-panel="${panel}" data-collection="${choices.collection}"><summary>${text}</summary><div data-body></div></details>`;
  place.replaceChildren();
  place.insertAdjacentHTML("beforeend", String(html`${folded("opinions", t("review.opinions"))}${folded("blind_spots", t("review.blind_spots"))}`));
}

function decoded(item) {
  let image = images.get(item.sha);
  if (!image) {
    image = Object.assign(new Image(), { src: shown(item.sha), alt: item.name });
    image.dataset.enlarge = item.sha;
    image.decode().catch(() => {});
    images.set(item.sha, image);
  }
  return image;
}

function picture(item) {
  if (onView === item.sha) return;
  onView = item.sha;
  shownAt = performance.now();
  root.querySelector("#review-picture").replaceChildren(decoded(item));
  const near = new Set(view.items.slice(Math.max(0, view.place - BEHIND), view.place + 1 + AHEAD).map((other) => (decoded(other), other.sha)));
  for (const sha of images.keys()) if (!near.has(sha)) images.delete(sha);
  evidence?.clear();
  look();
}

// Fetch the evidence once the person rests on a picture.
function look() {
  clearTimeout(timer);
  const item = review.current();
  if (evidence && isOnView() && item?.suggestion && peeks()) timer = setTimeout(() => evidence.set({ collection: choices.collection, method: choices.method, picture: item.sha }), PAUSE);
}

function finished() {
  onView = "";
  clearTimeout(timer);
  const [skipped, { all, labelled, disputed }] = [review.left(), view.counts];
  const also = (shown, values, text) => (shown ? html`<button class="quiet" data-action="review-choose" data-values="${JSON.stringify(values)}">${text}</button>` : "");
  const head = all ? t(skipped ? "review.skipped" : "review.finished", { n: skipped }) : t("review.empty");
  morph(
    root.querySelector("#review-picture"),
    html`<div class="empty"><h2>${head}</h2><p>${all && choices.order === "suspect" ? t("review.no_suspects") : ""} ${t(all ? "review.finished_hint" : "review.no_collection_hint")}</p><div class="line">${skipped ? html`<button class="primary" data-action="review-again">${t("review.again")}</button>` : ""}
    ${also(labelled && choices.order !== "suspect", { order: "suspect" }, t("review_order.suspect"))}${also(disputed && choices.order !== "disputed", { order: "disputed" }, t("review_order.disputed"))}${also(labelled && (narrow() || choices.which !== "mine"), { order: "unsure", which: "mine" }, t("review_which.mine"))}<button class="quiet" data-action="go" data-tab="collection">${t("tab_collection")}</button></div></div>`,
  );
}

function question(item) {
  const place = root.querySelector("#review-question");
  if (!place.querySelector("#review-evidence")) {
    place.insertAdjacentHTML("beforeend", `<div id="review-answers"></div><div id="review-evidence"></div>`);
    evidence = new Panel(place.querySelector("#review-evidence"), "review_evidence");
    look();
  }
  const many = selected.size > 1;
  const given = item && review.mine(item)?.[1];
  const named = (name) => (name === NONE ? t("none") : name);
  const choice = (name, key) =>
    html`<button class="choice ${given === name ? "on" : ""}" data-action="review-answer" ${name === NONE ? "" : html`data-answer="${name}"`} aria-pressed="${String(given === name)}"><kbd>${key}</kbd> ${named(name)} <small>${review.countOf(name)}</small></button>`;
  morph(
    place.querySelector("#review-answers"),
    html`${many ? html`<p class="given">${t("review.selected", { n: selected.size })} <button class="quiet" data-action="review-clear" data-key="Escape">${t("review.clear")} <kbd>Esc</kbd></button></p>` : item ? html`<p class="name">${item.name}</p>${words(item, named)}${suggestion(item)}` : ""}
    ${many && !choices.blind ? html`<button class="primary wide" data-action="review-accept">${t("review.accept_all")} <kbd>Enter</kbd></button>` : ""}
    <p class="typed" aria-live="polite">${typed ? `${typed}…` : ""}</p>
    <div class="choices" role="group" aria-label="${t("label")}">${review.classes().map((name, n) => choice(name, keyOf(n)))}${choice(NONE, "N")}<input type="text" id="review-class" maxlength="100" placeholder="${t("review.new_class")}" aria-label="${t("review.new_class")}"></div>
    <div class="line"><button class="quiet" data-action="review-step" data-by="-1" aria-label="${t("previous")}">←</button><button class="quiet" data-action="review-step" data-by="1" aria-label="${t("next")}">→</button><span class="hint">${t("review.keys_hint")}</span></div>`,
  );
}

// What people said; in blind mode only after the answer.
function words(item, named) {
  const newest = [...new Map([...item.words].reverse())];
  if (!newest.length || (choices.blind && !revealed && !review.mine(item))) return "";
  return html`<p class="words-of">${newest.map(([annotator, name]) => html`<span class="${annotator === review.me() ? "given" : ""}">${annotator === review.me() ? "✓" : `${annotator || t("review.nobody")}:`} ${named(name)}</span> `)}</p>`;
}

function suggestion(item) {
  if (!item.suggestion) return html`<p class="hint">${t("review.no_suggestion")}</p>`;
  if (!peeks()) return html`<p class="hint">${t("review.hidden_suggestion")}</p>`;
  const [name, p, unlike] = item.suggestion;
  const given = review.mine(item);
  const verdict = choices.blind && revealed ? html`<p class="${given?.[1] === name ? "given" : "warn"}" id="review-verdict">${t(given?.[1] === name ? "review.agrees" : "review.differs", { name, x: percent(p) })}</p>` : "";
  const label = item.suspicion && !review.isAnswered(item) && item.words[0]?.[1];
  const doubt = label ? html`<p class="hint">${t("review.doubt", { name: label, x: percent(item.suspicion[1]) })}</p><button class="quiet wide" data-action="review-answer" data-answer="${label}">${t("review.is_right", { name: label })} <kbd>${keyOf(review.classes().indexOf(label))}</kbd></button>` : "";
  const button = acceptable(item) ? html`<button class="primary wide" data-action="review-accept">${t("confirm", { name })} · ${percent(p)} <kbd>Enter</kbd></button>` : verdict ? html`<button class="primary wide" data-action="review-step" data-by="1">${t("review.go_on")} <kbd>Enter</kbd></button>` : html`<p>${t("review.suggested", { name, x: percent(p) })}</p>`;
  return html`${unlike ? html`<p><span class="mark unlike" title="${t("unlike_hint")}">${t("unlike")}</span></p>` : ""}${verdict}${button}${doubt}`;
}

// Whether Enter takes the suggestion over.
const acceptable = (item) => Boolean(item.suggestion) && peeks() && !review.isAnswered(item) && (choices.order === "suspect" || !review.mine(item));

function strip() {
  const from = Math.max(0, view.place - STRIP[0]);
  const text = (item) => (review.mine(item) ? "✓" : item.suggestion && !choices.blind ? item.suggestion[0] : "");
  morph(
    root.querySelector("#review-strip"),
    html`${view.items.slice(from, view.place + STRIP[1]).map((item, n) => html`<button class="item ${from + n === view.place ? "on" : ""} ${review.mine(item) ? "done" : ""}" id="strip-${item.sha}" data-action="review-pick" data-place="${from + n}" aria-pressed="${String(selected.has(item.sha))}"><img src="${thumbnail(item.sha)}" alt="${item.name}" width="72" height="72"><span>${text(item)}</span></button>`)}`,
  );
}

// --- what can be done ----------------------------------------------------------------------------------------------

function chosen(event) {
  const el = event.target;
  const choice = el.dataset.review;
  if (!choice) return;
  el.blur(); // so that the keys are the review's again
  if (choice === "blind") {
    revealed = false;
    choices.blind = el.checked;
    review.remember();
    evidence?.clear();
    return draw();
  }
  if (choice === "annotator") labelling.setAnnotator(el.value);
  const seed = choice === "order" && el.value === "random" ? { seed: Math.floor(1e9 * Math.random()) } : {};
  choose(choice === "annotator" ? {} : { [choice]: el.value, ...seed });
}

async function choose(values) {
  revealed = false;
  selected.clear();
  await review.choose(values);
  draw();
  review.learnFirst();
}

function addClass(text) {
  const name = text.split(/\s+/).filter(Boolean).join(" ");
  const known = review.classes().find((other) => other.toLowerCase() === name.toLowerCase());
  if (name && !known) review.addClass(name);
  draw();
}

function put(groups) {
  const item = review.current();
  const seconds = (performance.now() - shownAt) / 1000;
  const many = selected.size > 1;
  const seen = peeks() && !(many && choices.blind);
  review.answer(groups, seen, seconds);
  typed = "";
  selected.clear();
  if (!many && choices.blind && !revealed && item.suggestion) {
    revealed = true;
    look();
  } else {
    revealed = false;
    review.advance();
  }
  draw(); // at once: the next key may come before the next frame, and is about what is on view then
  for (const panel of ["opinions", "blind_spots"]) if (root.querySelector(`#review-${panel}[open]`)) queue.settled().then(() => reloadIn(root));
}

const picked = () => (selected.size > 1 ? view.items.filter((item) => selected.has(item.sha)) : [review.current()].filter(Boolean));

function answer(name) {
  if (picked().length) put([[name, picked()]]);
}

function accept() {
  const items = picked().filter((item) => item.suggestion && (selected.size > 1 || acceptable(item)));
  const groups = new Map();
  for (const item of items) groups.set(item.suggestion[0], [...(groups.get(item.suggestion[0]) ?? []), item]);
  if (groups.size && peeks()) put([...groups]);
}

function step(by) {
  revealed = false;
  typed = "";
  if (by > 0 && choices.blind && review.current() && review.isAnswered(review.current())) review.advance();
  else review.go(view.place + by);
  draw();
}

async function undo() {
  revealed = false;
  typed = "";
  if (await review.undo()) draw();
}

// A click selects a picture of the strip or lets it go; with Shift, all since the last.
function pick(el, event) {
  const place = Number(el.dataset.place);
  const range = event?.shiftKey && last >= 0 ? view.items.slice(Math.min(last, place), Math.max(last, place) + 1) : [view.items[place]];
  const on = !selected.has(view.items[place].sha);
  for (const item of range) selected[on ? "add" : "delete"](item.sha);
  last = place;
  draw();
}

// The button of a collection, which brings this tab on view.
onCollection("collections.review", (collection) => choose({ collection }));

export const ACTIONS = {
  "review-accept": accept,
  "review-again": () => review.startAgain().then(draw),
  "review-answer": (el) => answer(el.dataset.answer ?? NONE),
  "review-choose": (el) => choose(JSON.parse(el.dataset.values)),
  "review-clear": () => (selected.clear(), draw()),
  "review-pick": pick,
  "review-settle": async (el) => {
    review.settled(el.dataset.picture, el.dataset.answer ?? NONE);
    await queue.settled();
    reloadIn(root);
    await review.load();
    draw();
  },
  "review-step": (el) => step(Number(el.dataset.by)),
  "review-undo": undo,
};

// A key while the tab is on view; gives whether it meant something.
export function key(event) {
  const pressed = event.key;
  if (!view.counts) return false;
  if (/^\d$/.test(pressed)) number(typed + pressed);
  else if (/^n$/i.test(pressed)) answer(NONE);
  else if (/^u$/i.test(pressed)) undo();
  else if (pressed === "Enter" && typed) number(typed.padStart(2, "0"));
  else if (pressed === "Enter" && (selected.size > 1 || (review.current() && acceptable(review.current())))) accept();
  else if (pressed === "Enter" || pressed === "ArrowRight" || pressed === "ArrowDown") step(1);
  else if (pressed === "ArrowLeft" || pressed === "ArrowUp") step(-1);
  else if (pressed === "x") pick({ dataset: { place: view.place } });
  else return false;
  return true;
}

function number(text) {
  const wide = review.classes().length > 9 ? 2 : 1;
  typed = text.length < wide ? text : "";
  if (typed) return draw();
  const place = Number(text) - 1;
  if (place < 0) answer(NONE);
  else if (place < review.classes().length) answer(review.classes()[place]);
  else draw();
}

export const HELP = [
  ["1–9 · 01–99", "review.key_digits"],
  ["0 · N", "keys.none"],
  ["Enter", "review.key_enter"],
  ["← →", "keys.arrows"],
  ["U · Ctrl+Z", "keys.undo"],
  ["X", "review.key_select"],
  ["Esc", "review.clear"],
  ["?", "keys.help"],
];

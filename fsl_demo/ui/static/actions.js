// Clicks, changes, drops and pastes become edits, jobs, openings and actions of the page.
import { edits as EDITS, jobs as JOBS, openings as OPENINGS } from "../requests.js";
import * as camera from "./camera.js";
import * as collections from "./collections.js";
import * as doctor from "./doctor.js";
import { element, html, isShown, keepUntil, shown, token } from "./dom.js";
import * as improve from "./improve.js";
import * as jobs from "./jobs.js";
import * as keys from "./keys.js";
import * as label from "./label.js";
import * as labelling from "./labelling.js";
import * as notices from "./notices.js";
import { applyParams } from "./panels.js";
import * as queue from "./queue.js";
import * as regions from "./regions.js";
import * as results from "./results.js";
import * as review from "./review.js";
import * as state from "./state.js";
import * as tables from "./tables.js";
import { t } from "./texts.js";
import * as ticks from "./ticks.js";
import * as uploads from "./uploads.js";

const PAUSE = 600;

// The fields of a request, from an element's attributes; `data-value` names the one that the element itself holds.
function valuesOf(el, fields) {
  const values = {};
  for (const field of fields) {
    const fixed = el.dataset[`${field}Is`];
    if (el.dataset.value === field) values[field] = el.type === "checkbox" ? el.checked : el.value;
    else if (fixed !== undefined) values[field] = field === "ticked" ? Boolean(fixed) : fixed;
    else if (field === "key" && el.dataset.keyOf !== undefined) values[field] = el.dataset.keyOf;
    else if (el.dataset[field] !== undefined) values[field] = el.dataset[field];
  }
  return values;
}

function edit(el, more = {}) {
  const values = { ...valuesOf(el, EDITS[el.dataset.edit]), ...more };
  if (el.dataset.edit !== "rename") {
    const number = queue.send(el.dataset.edit, values);
    if (el.dataset.value) keepUntil(el, number);
    return;
  }
  const before = state.data("classes", []).find((entry) => entry.key === values.key)?.name ?? "";
  queue.send("rename", values, { names: { [values.key]: values.name } }, { names: { [values.key]: before } });
}

// --- opening drafts ------------------------------------------------------------------------------------------------

let openDraft = () => {};
export const whenOpened = (open) => (openDraft = open);

async function open(el) {
  await queue.settled();
  await openDraft(el.dataset.open, valuesOf(el, OPENINGS[el.dataset.open]));
  if (["reopen", "continue"].includes(el.dataset.open)) go("workbench");
}

export function go(tab) {
  document.querySelector(`#tabs [role=tab][data-tab-id="${tab}"]`)?.click();
}

// --- actions -------------------------------------------------------------------------------------------------------

// A query as it is; a support picture with what is drawn on it.
function enlarge(sha, support = null) {
  const dialog = document.getElementById("lightbox");
  const row = state.rows().find((other) => other.sha === sha);
  const name = support?.alt ?? row?.name ?? "";
  const close = html`<button class="icon" data-action="close-lightbox" autofocus aria-label="${t("close")}">×</button>`;
  dialog.replaceChildren(element(support ? html`<div><h2>${t("region.thing_title", { name: support.dataset.of })}</h2><p class="hint">${t("region.thing_hint")}</p><div data-regions></div><p>${name}</p>${close}</div>` : html`<div><img src="${shown(sha)}" alt="${name}"><p>${name}</p>${close}</div>`));
  dialog.classList.toggle("drawn-on", Boolean(support));
  if (support) regions.showThing(dialog.querySelector("[data-regions]"), sha, name);
  dialog.showModal();
}

function move(button) {
  document.querySelector(".menu-of")?.remove();
  const { sha, source } = button.dataset;
  const box = button.getBoundingClientRect();
  const targets = state.data("classes", []).filter((entry) => entry.key !== source).map((entry) => [entry.key, entry.name]);
  if (source !== "queries") targets.push(["queries", t("queries")]);
  const menu = element(html`<div class="menu-of" role="menu" aria-label="${t("move_to")}" style="left:${Math.min(box.left, innerWidth - 210)}px;top:${Math.min(box.bottom, innerHeight - 240)}px">${targets.map(([key, name]) => html`<button role="menuitem" data-edit="move_picture" data-sha="${sha}" data-source="${source}" data-target="${key}">${name}</button>`)}</div>`);
  document.body.append(menu);
  menu.querySelector("button")?.focus();
}

const ACTIONS = {
  ...collections.ACTIONS,
  "add-class": () => {
    const key = token(8);
    queue.send("add_class", { key });
    queue.settled().then(() => document.querySelector(`#class-${key} input[type=text]`)?.focus());
  },
  answer: (el) => label.answer(el.dataset.answer),
  "apply-params": applyParams,
  accept: results.acceptAll,
  camera: (el) => camera.toggle(el.dataset.keyOf, false),
  live: () => camera.toggle("queries", true),
  "close-camera": camera.close,
  "close-details": results.closeDetails,
  "close-lightbox": (el) => el.closest("dialog").close(),
  "collect-episodes": tables.collectEpisodes,
  "collect-found": tables.collectFound,
  column: (el) => results.toggleColumn(el.dataset.method),
  "columns-back": results.columnsBack,
  confusion: (el) => label.openConfusion({ ...el.dataset }),
  correct: results.correct,
  "correct-to": (el) => labelling.label(el.dataset.id, el.dataset.answer),
  "log-out": async () => {
    await queue.settled();
    await fetch("/logout", { method: "POST" });
    for (const store of [localStorage, sessionStorage]) // the next person is another
      for (const key of Object.keys(store)) if (key.startsWith("fsl_") && key !== "fsl_dark") store.removeItem(key);
    location.assign("/login");
  },
  dark: () => {
    const dark = !document.body.classList.contains("dark");
    document.body.classList.toggle("dark", dark);
    localStorage.setItem("fsl_dark", dark ? "1" : "0");
  },
  "delete-episode": (el) => tables.deleteEpisode(el.dataset.episode),
  "dismiss-job": (el) => jobs.dismiss(el.dataset.jobId),
  "dismiss-notice": notices.clear,
  enlarge: (el) => enlarge(el.dataset.sha),
  export: tables.exportEpisodes,
  find: () => tables.find({ sentence: document.getElementById("sentence").value }),
  "find-words": () => tables.find({ sentence: document.getElementById("sentence").value, words: true }),
  "forget-draft": (el) => tables.forgetDraft(el.dataset.draft),
  go: (el) => {
    go(el.dataset.tab);
    const box = el.closest(".job");
    if (box) jobs.dismiss(box.id.replace("job-", ""));
  },
  index: () => jobs.start("index", {}),
  join: label.join,
  "keys-help": keys.help,
  language: (el) => {
    document.cookie = `fsl_language=${el.dataset.code}; path=/; max-age=31536000; SameSite=Strict`;
    location.reload();
  },
  "look-at": (el) => label.lookAt(el.dataset.id),
  move,
  "put-back": tables.putBack,
  "remove-query": (el) => labelling.remove([el.dataset.id]),
  restore: (el) => tables.restoreEpisode(el.dataset.episode),
  "roll-back": improve.rollBack,
  "results-view": (el) => results.choose("view", el.dataset.view),
  "save-overlay": saveOverlay,
  "search-back": tables.back,
  "search-more": tables.more,
  select: (el) => results.select(el.dataset.id, el.dataset.method),
  "show-class": (el) => document.getElementById(`class-${el.dataset.keyOf}`)?.scrollIntoView({ block: "center", behavior: "smooth" }),
  similar: (el) => tables.find({ like: el.dataset.sha }),
  sorted: () => jobs.start("sorted_pictures", { minimum: results.minimum() }),
  step: (el) => label.step(Number(el.dataset.by)),
  "stop-job": (el) => jobs.stop(el.dataset.jobId),
  ...doctor.ACTIONS,
  ...review.ACTIONS,
  take: (el) => jobs.start("take_classifier", { method: results.taken(), web: "web" in el.dataset }),
  "take-out": tables.takeOut,
  "tick-all": ticks.tickAll,
  "use-version": improve.useVersion,
  where: tables.toggleWhere,
  "with-collection": (el) => {
    go(el.dataset.tab);
    collections.use(el);
  },
  "to-queries": () => tables.send("queries"),
  "to-support": () => tables.send("support"),
};

// A picture with its heat map exactly as it is shown.
function saveOverlay(button) {
  const [photo, heat] = button.closest("figure").querySelectorAll("img");
  const canvas = Object.assign(document.createElement("canvas"), { width: photo.naturalWidth, height: photo.naturalHeight });
  const context = canvas.getContext("2d");
  context.drawImage(photo, 0, 0);
  context.globalAlpha = Number(getComputedStyle(heat).opacity);
  context.drawImage(heat, 0, 0, canvas.width, canvas.height);
  Object.assign(document.createElement("a"), { download: button.dataset.file, href: canvas.toDataURL("image/png") }).click();
}

// --- listening -----------------------------------------------------------------------------------------------------

const FIELD = "input:not([type=checkbox][data-action]), select, textarea";

function onClick(event) {
  const menu = document.querySelector(".menu-of");
  const el = event.target.closest("[data-edit], [data-open], [data-job], [data-action], [data-enlarge]");
  if (event.target.closest("[data-tick]")) return ticks.tick(event.target, event.shiftKey);
  if (el && !el.matches(FIELD) && !el.disabled) {
    if (!el.matches("input")) event.preventDefault();
    if (el.dataset.edit) edit(el);
    else if (el.dataset.open) open(el);
    else if (el.dataset.job) jobs.start(el.dataset.job, valuesOf(el, JOBS[el.dataset.job]));
    else if (el.dataset.action) ACTIONS[el.dataset.action](el, event);
    else enlarge(el.dataset.enlarge, "of" in el.dataset ? el : null);
  }
  if (menu && menu.isConnected && !(el && ["move", "correct"].includes(el.dataset.action))) menu.remove();
}

const typing = new Map(); // element to the timer after which what was typed is sent, and the batch of this sitting

function onInput(event) {
  const el = event.target;
  const output = el.parentElement?.querySelector("output");
  if (el.type === "range" && output) output.textContent = el.id === "minimum" ? `${Math.round(100 * el.value)} %` : Number(el.value).toFixed(el.step === "1" ? 0 : 2);
  if (el.matches("[data-opacity]")) el.closest(".why").style.setProperty("--opacity", el.value);
  if (el.id === "minimum") results.choose("minimum", el.value);
  if (!el.matches("input[type=text][data-edit], textarea[data-edit]")) return;
  const batch = typing.get(el)?.batch ?? `typed-${token(8)}`;
  clearTimeout(typing.get(el)?.timer);
  const sitting = { batch, unsent: true };
  sitting.timer = setTimeout(() => {
    sitting.unsent = false;
    edit(el, { batch });
  }, PAUSE);
  typing.set(el, sitting);
}

function onChange(event) {
  const el = event.target;
  if (el.type === "file") return picked(el);
  if (el.id === "annotator") return labelling.setAnnotator(el.value);
  if (el.dataset.choice) return results.choose(el.dataset.choice, el.value);
  if (!el.matches("input[data-edit], select[data-edit], textarea[data-edit]")) return;
  const known = typing.get(el);
  clearTimeout(known?.timer);
  typing.delete(el);
  if (known?.unsent === false) return;
  edit(el, known ? { batch: known.batch } : {});
}

function picked(input) {
  const items = [...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
  input.value = "";
  if ("import" in input.dataset) return importFile(items[0], input.dataset.import);
  if ("checkpoint" in input.dataset) return sendFile("checkpoints", items[0]);
  add(items, input.dataset.upload === "classes" || uploads.isNamed(input.dataset.upload) || !uploads.hasArchive(items) ? input.dataset.upload : uploads.targetOf(input.dataset.upload, false, items));
}

async function add(items, target) {
  const { archives, pictures } = uploads.archivesFor(target, items);
  for (const item of archives) await importFile(item, uploads.nameOf(target));
  if (pictures.length) await uploads.add(pictures, target);
  await queue.settled();
  if (target === "collection" || uploads.isNamed(target)) tables.refresh();
}

// Import a file of episodes, or of labels into a named collection.
const importFile = (item, collection = "") => sendFile("imports", item, `&collection=${encodeURIComponent(collection)}&annotator=${encodeURIComponent(collection && labelling.annotatorName())}`);

async function sendFile(to, { file, name }, more = "") {
  const answer = await fetch(`/workbench/${to}?draft=${queue.currentDraft()}${more}`, { method: "POST", headers: { "X-Path": encodeURIComponent(name), "Content-Type": "application/octet-stream" }, body: file });
  if (!answer.ok) notices.show([{ kind: "error", text: (await answer.json()).error }]);
}

function onDragStart(event) {
  const thumb = event.target.closest("[data-sha][data-source]");
  const card = event.target.closest("[data-drag]");
  if (thumb) event.dataTransfer.setData("text/x-picture", JSON.stringify({ sha: thumb.dataset.sha, source: thumb.dataset.source }));
  if (card) event.dataTransfer.setData("text/x-query", card.dataset.drag);
}

const zoneOf = (event) => event.target.closest("[data-drop]");

async function onDrop(event) {
  document.querySelectorAll(".over").forEach((zone) => zone.classList.remove("over"));
  const query = event.dataTransfer.getData("text/x-query");
  if (query) return onDropCard(event, query);
  const zone = zoneOf(event);
  if (!zone) return;
  event.preventDefault();
  const moved = event.dataTransfer.getData("text/x-picture");
  if (moved) {
    const picture = JSON.parse(moved);
    const target = zone.dataset.drop;
    if (target !== picture.source && !["classes", "collection"].includes(target) && !uploads.isNamed(target)) queue.send("move_picture", { ...picture, target });
    return;
  }
  const { items, folders } = await uploads.dropped(event.dataTransfer);
  if (zone.dataset.drop === "checkpoint") return items.forEach((item) => sendFile("checkpoints", item));
  add(items, uploads.targetOf(zone.dataset.drop, folders, items));
}

// A query that is dragged to another folder of the results is labelled so.
function onDropCard(event, id) {
  const folder = folderUnder(event);
  if (!folder) return;
  event.preventDefault();
  if (folder === ":unlike") labelling.label(id, state.NONE);
  else if (!folder.startsWith(":")) labelling.label(id, folder);
}

function folderUnder(event) {
  const list = document.getElementById("results-list");
  if (!list?.contains(event.target)) return "";
  const heads = [...list.querySelectorAll(".group-head")].map((head) => ({ folder: head.dataset.folder, top: head.getBoundingClientRect().top }));
  return heads.filter((head) => head.top <= event.clientY).sort((a, b) => b.top - a.top)[0]?.folder ?? "";
}

function onPaste(event) {
  const files = [...(event.clipboardData?.files || [])];
  if (!files.length) return;
  const active = document.activeElement?.closest?.("[data-drop]") ?? document.querySelector("[data-drop]:hover");
  const shownZone = [...document.querySelectorAll("[data-drop=queries], [data-drop=collection], [data-drop^='named:']")].find(isShown);
  const zone = active && isShown(active) ? active : shownZone;
  if (!zone) return;
  event.preventDefault();
  const items = files.map((file) => ({ file, name: file.name }));
  add(items, uploads.targetOf(zone.dataset.drop, false, items));
}

// A place on a picture of the explanation: by pointer, or with the arrow keys from the middle.
function onPoint(event) {
  const el = event.target.closest?.("[data-point]");
  if (!el) return;
  if (event.type === "click") {
    const box = el.getBoundingClientRect();
    Object.assign(el.dataset, { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height });
  } else {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Enter: [0, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    ["x", "y"].forEach((axis, i) => (el.dataset[axis] = Math.min(0.99, Math.max(0.01, Number(el.dataset[axis] ?? 0.5) + step[i] / 10))));
  }
  results.point(el, Number(el.dataset.x), Number(el.dataset.y));
}

function onKey(event) {
  if (event.key === "Enter" && event.target.matches?.("input[type=text][data-edit], #annotator") && !event.isComposing && !event.ctrlKey) event.target.blur();
  if (event.key === "Enter" && event.target.dataset?.enter && !event.isComposing && !event.ctrlKey) ACTIONS[event.target.dataset.enter](event.target);
  if (["Enter", " "].includes(event.key) && event.target.matches?.("img[data-enlarge]")) {
    event.preventDefault();
    event.target.click();
  }
  const picker = event.target.closest?.("label.button");
  if (picker && event.target === picker && ["Enter", " "].includes(event.key)) {
    event.preventDefault();
    picker.querySelector("input").click();
  }
  const words = event.target.closest?.("[data-arrows]");
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (words && by) {
    const buttons = [...words.querySelectorAll("button")];
    const next = buttons[buttons.findIndex((button) => button.classList.contains("on")) + by];
    if (next) {
      event.preventDefault();
      next.focus();
      next.click();
    }
  }
}

export function listen() {
  document.addEventListener("click", onClick);
  document.addEventListener("click", onPoint);
  document.addEventListener("keydown", onPoint);
  document.addEventListener("keydown", onKey);
  document.addEventListener("input", onInput);
  document.addEventListener("change", onChange);
  document.addEventListener("dragstart", onDragStart);
  document.addEventListener("drop", onDrop);
  document.addEventListener("paste", onPaste);
  document.addEventListener("dragover", (event) => {
    const zone = zoneOf(event);
    if (zone || event.target.closest("#results-list")) event.preventDefault();
    zone?.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => zoneOf(event)?.classList.remove("over"));
  keys.listen(() => results.selection() && enlarge(state.row(results.selection()).sha));
}

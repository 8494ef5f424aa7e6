// The page in the browser: opens the draft, listens to the server, and draws what changed.
import { places } from "../places.js";
import * as actions from "./actions.js";
import { html, isShown, morph, onceReleased, post } from "./dom.js";
import * as improve from "./improve.js";
import * as jobs from "./jobs.js";
import * as label from "./label.js";
import * as notices from "./notices.js";
import { reloadIn } from "./panels.js";
import * as plots from "./plots.js";
import * as queue from "./queue.js";
import * as regions from "./regions.js";
import * as results from "./results.js";
import * as review from "./review.js";
import * as state from "./state.js";
import * as tables from "./tables.js";
import { account, has, language, t } from "./texts.js";
import * as workbench from "./workbench.js";

const MOUNTS = { workbench: workbench.mount, results: results.mount, label: label.mount, search: tables.mountSearch, collection: tables.mountCollection, review: review.mount, improve: improve.mount };
const mounted = new WeakSet();

let stream = null;

function listen() {
  stream?.close();
  const params = new URLSearchParams({ draft: queue.currentDraft(), at: state.at(), tab: queue.currentTab() });
  stream = new EventSource(`/workbench/stream?${params}`);
  stream.onmessage = (event) => state.apply(JSON.parse(event.data)) || listen();
  stream.onerror = () => {
    stream.close();
    setTimeout(() => document.visibilityState === "visible" && listen(), 1000);
  };
  stream.onopen = () => queue.pump();
}

async function open(name, values = {}) {
  const known = sessionStorage.getItem("fsl_draft") || localStorage.getItem("fsl_draft") || "";
  const answer = await post("open", { draft: known, name, values });
  sessionStorage.setItem("fsl_draft", answer.draft);
  localStorage.setItem("fsl_draft", answer.draft);
  queue.use(answer.draft);
  state.reset();
  results.close();
  notices.clear();
  notices.show(answer.notices);
  listen();
}

function saving() {
  const place = document.getElementById("saving");
  if (!place) return;
  const n = queue.waiting();
  place.dataset.waiting = n;
  onceReleased(() => morph(place, n ? html`<span class="${queue.problem() ? "warn" : "hint"}" title="${queue.problem()}">● ${t("saving.waiting", { n })} ${queue.problem()}</span>` : html`<span class="hint">✓ ${t("saving.saved")}</span>`));
}

function whoIsIn() {
  const place = document.getElementById("account");
  if (place && account) morph(place, html`<span class="hint">${account}</span> <button class="quiet" data-action="log-out">${t("login.out")}</button>`);
}

function drawPart(name) {
  const place = document.querySelector(`[data-part="${CSS.escape(name)}"]`);
  if (place && state.parts.has(name)) morph(place, state.parts.get(name));
  if (name === "header") [saving(), whoIsIn()];
  if (place && name.startsWith("class:")) reloadIn(place);
  if (name === "methods") reloadIn(document.getElementById("workbench")); // sentences depend on the templates
}

let frame;
const changed = { parts: new Set(), rows: false, data: false };

function draw() {
  frame = undefined;
  for (const name of changed.parts) if (!name.startsWith("data:")) drawPart(name);
  if (changed.parts.has("data:jobs")) jobs.draw();
  workbench.draw();
  results.draw();
  label.draw();
  review.draw();
  regions.draw();
  if (changed.parts.has("data:curve")) improve.draw();
  if (changed.parts.has("data:columns")) {
    results.reloadDetails();
    plots.draw();
  }
  changed.parts.clear();
}

// Gradio names the tabs in the browser's language; the person may have chosen another. Those that have no room on the
// line are in a menu behind it, in order; a copy that nobody sees is measured.
function nameTabs() {
  const all = [...document.querySelectorAll("[data-mounted]")].map((root) => root.dataset.mounted);
  const buttons = (selector) => [...document.querySelectorAll(`#tabs > .tab-wrapper ${selector}`)];
  const line = buttons("[role=tab]");
  const rest = all.filter((id) => !line.some((button) => button.dataset.tabId === id));
  const name = (button, id) => {
    const text = [...button.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (text && has(`tab_${id}`) && text.data !== t(`tab_${id}`)) text.data = t(`tab_${id}`);
  };
  for (const button of line) name(button, button.dataset.tabId);
  buttons(".overflow-dropdown button").forEach((button, n) => name(button, rest[n]));
  buttons("[aria-hidden] button").forEach((button, n) => name(button, all[n]));
}

// Elements that Gradio has put on the page since.
function mount() {
  for (const [id, markup] of Object.entries(places)) {
    const column = document.getElementById(id);
    if (column && !column.firstElementChild) column.insertAdjacentHTML("beforeend", markup);
  }
  let fresh = false;
  for (const root of document.querySelectorAll("[data-mounted]")) {
    if (mounted.has(root)) continue;
    mounted.add(root);
    fresh = true;
    MOUNTS[root.dataset.mounted]?.(root);
    views.observe(root);
  }
  if (!fresh) return;
  nameTabs();
  tabNames.observe(document.querySelector("#tabs > .tab-wrapper"), { childList: true, subtree: true, characterData: true });
  for (const name of state.parts.keys()) drawPart(name);
  tabChanged();
}

// However a tab comes on view: by click, by key, from the menu of those that have no room.
const tabNames = new MutationObserver(nameTabs);
const views = new IntersectionObserver(tabChanged);
let onView;

function tabChanged() {
  const shown = [...document.querySelectorAll("[data-mounted]")].find(isShown)?.dataset.mounted;
  if (shown === onView) return;
  onView = shown;
  document.body.dataset.tab = shown ?? "";
  for (const name of ["report", "moved"]) drawPart(name);
  workbench.draw();
  results.draw();
  label.draw();
  jobs.draw();
  tables.openTab(shown);
  if (shown === "review") review.openTab();
  if (shown === "improve") improve.open();
}

async function begin() {
  document.documentElement.lang = language;
  state.onChange(({ parts }) => {
    for (const name of parts) changed.parts.add(name);
    frame ??= requestAnimationFrame(() => onceReleased(draw));
  });
  queue.onChange(saving);
  jobs.afterEnd("describe", () => reloadIn(document.getElementById("details") ?? document.body));
  actions.listen();
  actions.whenOpened(open);
  new MutationObserver(mount).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") listen();
    else stream?.close();
  });
  addEventListener("online", () => queue.pump());
  await queue.begin();
  for (let pause = 250; ; pause = Math.min(5000, 2 * pause)) {
    try {
      await open("latest");
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  mount();
  queue.pump();
}

begin();

// The Results tab: one answer a query, grouped as the sorted folders will be, or methods side by side.
import * as chooser from "./chooser.js";
import { element, html, isShown, morph, percent, thumbnail } from "./dom.js";
import * as labelling from "./labelling.js";
import { Panel } from "./panels.js";
import { currentDraft } from "./queue.js";
import * as regions from "./regions.js";
import * as state from "./state.js";
import { t } from "./texts.js";
import { VirtualList } from "./virtual.js";

const CARD = { width: 140, height: 190 };
const HEADER = 40;
const ROW = 132;
const UNSURE = ":unsure";
const UNLIKE = ":unlike";
const OPEN = ":open";

const choices = { view: "folders", show: "all", only: "", sort: "unsure", minimum: 0.9, columns: null, taken: "" };
let root = null;
let list = null;
let panel = null;
let selected = "";
let visible = []; // ids in the order on view
let places = new Map(); // id to the index of its item

export function mount(mounted) {
  root = mounted;
  const scroller = root.querySelector("#results-list");
  scroller.setAttribute("aria-label", t("queries"));
  scroller.setAttribute("role", "region");
  list = new VirtualList(scroller, (item) => drawers[item.kind](item));
  new ResizeObserver(() => draw()).observe(scroller);
  panel = new Panel(root.querySelector("#details"), "details", () => regions.mount(panel.params.query, panel.params.method ?? ""));
  draw();
}

const name = (key) => state.className(key, t);
export const isOnView = () => isShown(root);
export const minimum = () => choices.minimum;
export const taken = () => choices.taken || state.data("able", [])[0]?.id;

// Where a query goes when it is taken out: to its label's folder, or else to its answer's.
export function folderOf(row) {
  if (row.label) return row.label === state.NONE ? UNLIKE : row.label;
  if (!row.answer) return OPEN;
  if (row.unlike) return UNLIKE;
  return row.p < choices.minimum ? UNSURE : row.answer;
}

const FILTERS = {
  all: () => true,
  unsure: (row) => row.answer && !row.label && row.p < choices.minimum,
  differs: (row) => row.differs,
  unlike: (row) => row.unlike,
  labelled: (row) => row.label,
  unlabelled: (row) => !row.label,
};
const SORTS = {
  unsure: (a, b) => (a.p ?? 0) - (b.p ?? 0),
  sure: (a, b) => (b.p ?? 0) - (a.p ?? 0),
  order: () => 0,
};

export function draw() {
  if (!root || !isShown(root)) return;
  const all = state.rows();
  const known = all.length > 0;
  root.classList.toggle("nothing", !known);
  if (!known) {
    list.show([]);
    morph(root.querySelector("#results-bar"), "");
    return close();
  }
  const rows = all.filter((row) => FILTERS[choices.show](row) && (!choices.only || (row.label ?? row.answer) === choices.only));
  bar(all, rows);
  const items = choices.view === "folders" ? grouped(rows) : compared(rows);
  places = new Map();
  items.forEach((item, index) => (item.ids ?? []).forEach((id) => places.set(id, index)));
  visible = items.flatMap((item) => item.ids ?? []);
  list.show(items);
  if (selected && !state.row(selected)) close();
}

export const acceptable = (rows) => rows.filter((row) => row.answer && !row.label && !row.unlike && row.p >= choices.minimum);

function bar(all, rows) {
  const sure = acceptable(rows);
  const wrong = sure.reduce((sum, row) => sum + 1 - row.p, 0);
  const differ = all.filter((row) => row.differs).length;
  const options = (names, chosen, text) => names.map((value) => html`<option value="${value}" ${value === chosen ? "selected" : ""}>${text(value)}</option>`);
  const columns = state.data("columns", []);
  const able = state.data("able", []);
  const labelled = all.filter((row) => row.label).length;
  morph(
    root.querySelector("#results-bar"),
    html`<div class="line"><div class="segments" role="group" aria-label="${t("view")}">
    ${["folders", "compare"].map((view) => html`<button class="quiet ${choices.view === view ? "on" : ""}" data-action="results-view" data-view="${view}" aria-pressed="${String(choices.view === view)}">${t(`view.${view}`)}</button>`)}</div>
    <span class="grow">${t("n_of_queries", { n: rows.length, total: all.length })}${columns.length > 1 ? ` · ${t("n_differ", { n: differ })}` : ""} · ${t("n_labelled", { n: labelled })}</span>
    <label>${t("show")} <select data-choice="show">${options(Object.keys(FILTERS), choices.show, (value) => t(`show.${value}`))}</select></label>
    <select data-choice="only" aria-label="${t("class")}"><option value="">${t("search.all_classes")}</option>${state.classes().map((entry) => html`<option value="${entry.key}" ${entry.key === choices.only ? "selected" : ""}>${entry.name}</option>`)}</select>
    <label>${t("sort_by")} <select data-choice="sort">${options(Object.keys(SORTS), choices.sort, (value) => t(`sorting.${value}`))}</select></label></div>
    <div class="line accept"><label class="slider"><span>${t("accept_above")}</span><input type="range" id="minimum" min="0.3" max="0.99" step="0.01" value="${choices.minimum}"><output>${percent(choices.minimum)}</output></label>
    <button class="primary" data-action="accept" ${sure.length ? "" : "disabled"}>${t("accept_n", { n: sure.length })}</button><span class="hint grow">${sure.length ? t("expected_mistakes", { n: wrong < 0.05 ? "0" : wrong.toFixed(1) }) : t("nothing_to_accept")}</span>
    <button class="quiet" data-edit="undo" data-key="Ctrl+z" title="Ctrl+Z">↶ ${t("undo")}</button>
    <button class="primary" data-action="sorted">⤓ ${t("sorted")}</button><a class="button quiet" download href="/workbench/results.csv?draft=${currentDraft()}">⤓ CSV</a>
    ${able.length ? html`<span class="line"><select data-choice="taken" aria-label="${t("take_method")}">${options(able.map((method) => method.id), taken(), (id) => able.find((method) => method.id === id).title)}</select><button class="quiet" data-action="take">⤓ ${t("take")}</button>${state.data("web", false) ? html`<button class="quiet" data-action="take" data-web>⤓ ${t("take_web")}</button>` : ""}</span>` : ""}</div>
    ${all.some((row) => row.untold) ? html`<p class="hint" id="unlike-unknown">${t("unlike_unknown")}</p>` : ""}
    ${choices.view === "compare" ? columnMenu(columns) : ""}`,
  );
  if (chooser.typedSoFar()) hint(); // it stands in the bar, which is drawn anew when an answer comes
}

function columnMenu(columns) {
  const shown = shownColumns(columns);
  const proposed = state.data("proposed", []);
  const changed = choices.columns !== null;
  return html`<div class="line columns-menu" role="group" aria-label="${t("columns")}"><span>${t("columns")}</span>
  ${columns.map((column) => html`<button class="chip ${shown.includes(column) ? "on" : ""}" data-action="column" data-method="${column.id}" aria-pressed="${String(shown.includes(column))}" title="${column.title}">${column.plain}</button>`)}
  ${changed ? html`<button class="quiet" data-action="columns-back">${t("back_to_proposed")}</button>` : ""}
  ${proposed.length && columns.some((column) => !proposed.includes(column.id)) ? html`<span class="hint">${t("columns_hint")}</span>` : ""}</div>`;
}

function shownColumns(columns) {
  const proposed = state.data("proposed", []);
  const chosen = choices.columns ?? columns.map((column) => column.id).filter((id) => proposed.includes(id) || !columns.some((column) => proposed.includes(column.id)));
  return columns.filter((column) => chosen.includes(column.id));
}

// --- folders -------------------------------------------------------------------------------------------------------

const cardsAcross = () => Math.max(2, Math.floor((list.scroller.clientWidth - 8) / CARD.width));

function grouped(rows) {
  const keys = [...state.classes().map((entry) => entry.key), UNSURE, UNLIKE, OPEN];
  const groups = new Map(keys.map((key) => [key, []]));
  for (const row of rows) (groups.get(folderOf(row)) ?? groups.get(OPEN)).push(row);
  const across = cardsAcross();
  const items = [];
  for (const [key, members] of groups) {
    if (!members.length && (key.startsWith(":") || choices.show !== "all" || choices.only)) continue;
    const title = { [UNSURE]: t("group.unsure", { x: percent(choices.minimum) }), [UNLIKE]: t("group.unlike"), [OPEN]: t("group.open") }[key] ?? name(key);
    const done = members.filter((row) => row.label).length;
    items.push({ key: `head:${key}`, kind: "head", height: HEADER, group: key, title, count: members.length, done, sign: [title, members.length, done].join() });
    members.sort(SORTS[choices.sort]);
    for (let start = 0; start < members.length; start += across) {
      const cards = members.slice(start, start + across);
      items.push({ key: `cards:${key}:${start}`, kind: "cards", height: CARD.height, across, rows: cards, ids: cards.map((row) => row.id), sign: `${across};${cards.map(signOf).join(";")}` });
    }
  }
  return items;
}

const boxesOf = (row) => state.marks("regions", row.sha).length;
const signOf = (row) => [row.id, row.id === selected, row.label, row.answer, row.p, row.unlike, row.differs, row.waiting, row.support, row.caption, boxesOf(row), name(row.label ?? row.answer)].join();

const marks = (row) => html`${row.unlike ? html`<span class="mark unlike" title="${t("unlike_hint")}">${t("unlike")}</span>` : ""}${row.differs ? html`<span class="mark differs">≠ ${t("methods_differ")}</span>` : ""}${row.support ? html`<span class="mark">${t("also_support", { name: name(row.support) })}</span>` : ""}${boxesOf(row) ? html`<span class="mark" title="${t("region.n_boxes", { n: boxesOf(row) })}">▢ ${boxesOf(row)}</span>` : ""}${row.waiting ? html` <i class="waiting" title="${t("saving.waiting_one")}">●</i>` : ""}`;

const answerText = (row) => (row.label ? html`<b class="given">✓ ${name(row.label)}</b>` : row.answer ? html`<b>${name(row.answer)}</b> ${percent(row.p)}` : html`<span class="hint">${t("not_predicted_short")}</span>`);

const drawers = {
  head: (item) => element(html`<div class="group-head" data-folder="${item.group}"><h3>${item.title} <small>${item.count}${item.done ? ` · ✓ ${item.done}` : ""}</small></h3></div>`),
  cards: (item) => element(html`<div class="cards-row" style="--across:${item.across}">${item.rows.map(card)}</div>`),
  heads: (item) => element(html`<div class="compare head" style="--columns:${item.columns.length}"><span>${t("query")}</span>${item.columns.map((column) => html`<span title="${column.title}"><b>${column.plain}</b><br><small>${column.title} · ${column.seconds} s</small></span>`)}</div>`),
  compare: (item) => element(html`<div class="compare ${item.row.id === selected ? "selected" : ""}" style="--columns:${item.columns.length}">${queryCell(item.row)}${item.columns.map((column) => cell(item.row, column))}</div>`),
};

function card(row) {
  return html`<div class="card-of ${row.id === selected ? "selected" : ""} ${row.label ? "done" : ""}" draggable="true" data-drag="${row.id}">
  <button class="pick" data-action="select" data-id="${row.id}" tabindex="${row.id === (selected || visible[0] || row.id) ? 0 : -1}" aria-pressed="${String(row.id === selected)}">
  <img src="${thumbnail(row.sha)}" alt="${row.name}" width="132" height="112"><span class="text">${answerText(row)} ${marks(row)}</span></button>
  <button class="icon more" data-action="correct" data-id="${row.id}" aria-label="${t("correct")}: ${row.name}" title="${t("correct")}">⋯</button></div>`;
}

// --- methods side by side ------------------------------------------------------------------------------------------

function compared(rows) {
  const columns = shownColumns(state.data("columns", []));
  const sorted = choices.sort === "order" ? rows : [...rows].sort(SORTS[choices.sort]);
  const ids = columns.map((column) => column.id).join();
  const heads = { key: `heads`, kind: "heads", height: 56, columns, sign: JSON.stringify(columns) };
  return [heads, ...sorted.map((row) => ({ key: row.id, kind: "compare", height: ROW, row, columns, ids: [row.id], sign: `${signOf(row)}|${ids}|${JSON.stringify(row.methods)}` }))];
}

function queryCell(row) {
  return html`<button class="pick" data-action="select" data-id="${row.id}" aria-pressed="${String(row.id === selected)}"><img src="${thumbnail(row.sha)}" alt="${row.name}" width="84" height="84"><span class="text"><span class="name">${row.name}</span>${answerText(row)} ${marks(row)}${row.caption ? html`<span class="caption">${row.doubtful ? "? " : ""}${row.caption}</span>` : ""}</span></button>`;
}

function cell(row, column) {
  const scored = row.methods?.[column.id];
  if (!scored) return html`<span class="cell hint">${t("not_predicted_short")}</span>`;
  const [top, unlike] = scored;
  const differs = top[0][0] !== row.answer;
  return html`<button class="cell ${differs ? "differs" : ""}" data-action="select" data-id="${row.id}" data-method="${column.id}">
  <b>${name(top[0][0])} ${percent(top[0][1])}</b>${unlike ? html` <span class="mark unlike">${t("unlike")}</span>` : ""}
  ${top.map(([key, p]) => html`<span class="bar"><em>${name(key)}</em><b>${percent(p)}</b><i style="width:${Math.round(100 * p)}%"></i></span>`)}</button>`;
}

// --- what can be done ----------------------------------------------------------------------------------------------

export function choose(choice, value) {
  choices[choice] = choice === "minimum" ? Number(value) : value;
  draw();
}

export function toggleColumn(method) {
  const shown = shownColumns(state.data("columns", [])).map((column) => column.id);
  choices.columns = shown.includes(method) ? shown.filter((id) => id !== method) : [...shown, method];
  draw();
}

export function columnsBack() {
  choices.columns = null;
  draw();
}

export function select(id, method = "", quietly = false) {
  selected = id;
  chooser.forget();
  if (!quietly) root.classList.add("with-details"); // first, because it leaves the list less room
  draw();
  list.reveal(places.get(id) ?? -1);
  root.querySelector(`#results-list [data-id="${id}"]`)?.focus({ preventScroll: true });
  if (quietly) return;
  panel.clear();
  panel.set({ query: state.row(id).sha, ...(method ? { method } : {}) });
}

export function close() {
  selected = "";
  root?.classList.remove("with-details");
  panel?.clear();
  regions.close();
}

export function closeDetails() {
  const id = selected;
  close();
  draw();
  list.reveal(places.get(id) ?? -1);
  root.querySelector(`#results-list [data-id="${id}"]`)?.focus({ preventScroll: true });
}

export function reloadDetails() {
  if (selected && panel.params.query && isShown(root)) panel.load();
}

export function point(el, x, y) {
  panel.set({ x, y, on: el.dataset.point });
}

export function acceptAll() {
  const rows = state.rows().filter((row) => FILTERS[choices.show](row) && (!choices.only || row.answer === choices.only));
  labelling.accept(acceptable(rows).map((row) => row.id));
}

export const selection = () => selected;

// A menu of the classes for one query.
export function correct(button) {
  document.querySelector(".menu-of")?.remove();
  const id = button.dataset.id;
  const box = button.getBoundingClientRect();
  const entries = [...state.classes().map((entry) => [entry.key, entry.name]), [state.NONE, t("none")]];
  const label = state.row(id).label;
  const menu = element(html`<div class="menu-of" role="menu" aria-label="${t("correct")}" style="left:${Math.min(box.left, innerWidth - 210)}px;top:${Math.min(box.bottom, innerHeight - 40 - Math.min(320, 34 * entries.length))}px">
  ${entries.map(([key, text]) => html`<button role="menuitem" data-action="correct-to" data-id="${id}" data-answer="${key}">${text}</button>`)}
  ${label ? html`<button role="menuitem" data-action="correct-to" data-id="${id}" data-answer="">${t("take_label_back")}</button>` : ""}
  <button role="menuitem" data-action="enlarge" data-sha="${state.row(id).sha}">${t("enlarge")}</button><button role="menuitem" data-action="remove-query" data-id="${id}">${t("remove_from_queries")}</button></div>`);
  document.body.append(menu);
  menu.querySelector("button").focus();
}

export function key(event) {
  if (!visible.length) return false;
  const place = visible.indexOf(selected);
  const across = choices.view === "folders" ? cardsAcross() : 1;
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
  if (by && !event.target.closest("#details")) {
    select(visible[place < 0 ? 0 : Math.max(0, Math.min(visible.length - 1, place + by))], panel.params.method ?? "", !root.classList.contains("with-details"));
    return true;
  }
  if (!selected) return false;
  const row = state.row(selected);
  const pressed = chooser.press(event.key);
  if (pressed) {
    if (pressed.answer) answer(pressed.answer);
    hint();
    return true;
  }
  if (event.key === "Enter" && event.target.closest(".pick, body") && row.answer && !row.label) answer(row.answer);
  else if (event.key === "Enter" && !root.classList.contains("with-details")) select(selected);
  else if (event.key === "Escape") closeDetails();
  else if (event.key === "Delete") labelling.label(selected, "");
  else if (event.key === " ") return "enlarge";
  else return false;
  return true;
}

// Label the selected query, and go to the one that stood after it.
function answer(key) {
  const id = selected;
  const place = visible.indexOf(id);
  const next = visible[place + 1] ?? visible[place - 1] ?? id;
  labelling.label(id, key);
  select(next, panel.params.method ?? "", !root.classList.contains("with-details"));
}

function hint() {
  const typed = chooser.typedSoFar();
  let place = root.querySelector("#results-typed");
  place ??= root.querySelector("#results-bar").appendChild(element(html`<p id="results-typed" class="typed" aria-live="polite"></p>`));
  const first = chooser.candidates()[0];
  morph(place, typed ? html`${typed}… ${first ? html`<b>${first.name}</b> <kbd>Enter</kbd>` : ""}` : "");
}

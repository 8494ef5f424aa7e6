// The Workbench tab's own part: the grid of queries, of which only what is in view is drawn.
import { element, html, isShown, thumbnail } from "./dom.js";
import * as state from "./state.js";
import { t } from "./texts.js";
import { VirtualList } from "./virtual.js";

const SIDE = 80;

let list = null;

export function mount(root) {
  const scroller = root.querySelector("#queries-grid");
  list = new VirtualList(scroller, line);
  new ResizeObserver(() => draw()).observe(scroller);
  draw();
}

export function draw() {
  if (!list || !isShown(list.scroller)) return;
  const rows = state.rows();
  const across = Math.max(1, Math.floor(list.scroller.clientWidth / SIDE));
  list.scroller.classList.toggle("filled", rows.length > 0);
  const items = [];
  for (let start = 0; start < rows.length; start += across) {
    const cells = rows.slice(start, start + across);
    items.push({ key: start, height: SIDE, rows: cells, sign: cells.map((row) => [row.id, row.support && state.className(row.support, t), row.name]).join() });
  }
  list.show(items);
}

const line = ({ rows }) =>
  element(html`<div class="thumbs">${rows.map(
    (row) => html`<span class="thumb ${row.support ? "both" : ""}" draggable="true" data-sha="${row.sha}" data-source="queries">
    <img src="${thumbnail(row.sha)}" alt="${row.name}" title="${row.name}${row.support ? ` · ${t("also_support", { name: state.className(row.support, t) })}` : ""}" width="72" height="72" data-enlarge="${row.sha}">
    ${row.support ? html`<span class="where" title="${t("also_support", { name: state.className(row.support, t) })}">⧉</span>` : ""}
    <button data-edit="remove_picture" data-sha="${row.sha}" data-source="queries" aria-label="${t("remove_picture", { name: row.name })}">×</button>
    <button data-action="move" data-sha="${row.sha}" data-source="queries" aria-label="${t("move_picture", { name: row.name })}" title="${t("move_to")}">→</button></span>`,
  )}</div>`);

// Boxes that are ticked in the lists of Search and Collection; what was ticked stays so when a list is fetched again.
const ticked = new Set();
let last = null;

const boxes = (root) => [...root.querySelectorAll("[data-tick]")];
const listOf = (box) => box.closest("[data-panel-root]");

export const tickedIn = (root) => boxes(root).map((box) => box.dataset.tick).filter((name) => ticked.has(name));
export const clearTicks = () => ticked.clear();

export function showTicks(root) {
  for (const box of boxes(root)) box.checked = ticked.has(box.dataset.tick);
}

function put(box, checked) {
  box.checked = checked;
  ticked[checked ? "add" : "delete"](box.dataset.tick);
}

export function tick(box, range) {
  const all = boxes(listOf(box));
  const [from, to] = [all.findIndex((other) => other.dataset.tick === last), all.indexOf(box)];
  const changed = range && from >= 0 ? all.slice(Math.min(from, to), Math.max(from, to) + 1) : [box];
  for (const other of changed) put(other, box.checked);
  last = box.dataset.tick;
}

export function tickAll(box) {
  for (const other of boxes(listOf(box))) put(other, box.checked);
}

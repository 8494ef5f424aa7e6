// The tabs that are fetched whole: Search and Collection.
import { isShown } from "./dom.js";
import * as jobs from "./jobs.js";
import { Panel } from "./panels.js";
import * as queue from "./queue.js";

const ticked = new Set();
let last = null;
let results = null;
let episodes = null;
let searches = [{}];
let takenOut = [];
let where = false; // whether the best regions are drawn

export const isMounted = () => Boolean(results && episodes);

export function mountSearch(root) {
  results = new Panel(root.querySelector("#found"), "search_results", () => {
    showTicks(root);
    if (root.querySelector("[data-unranked]") && searches.at(-1).asked !== results.asked) {
      searches.at(-1).asked = results.asked + 1;
      jobs.start("index", { method: results.params.method ?? "" });
    }
    const { unplaced } = root.querySelector("[data-unplaced]")?.dataset ?? {};
    if (unplaced && unplaced !== sought) jobs.start("find_places", { sentence: results.params.sentence, pictures: unplaced.split(" ") });
    sought = unplaced ?? "";
  });
}

export function mountCollection(root) {
  episodes = new Panel(root.querySelector("#episodes"), "episodes", () => showTicks(root));
}

export function openTab(tab) {
  if (tab === "search") search(searches.at(-1));
  if (tab === "collection") episodes?.load();
}

let sought = ""; // pictures whose best regions were asked for last

const EMPTY = { sentence: "", words: false, like: "", pages: 1 };

function search(asked) {
  const { sentence = "", words = false, like = "", pages = 1 } = asked;
  return results?.set({ ...EMPTY, sentence, words, like, pages, where, earlier: searches.length > 1, taken_out: takenOut.length });
}

export async function find(asked) {
  const before = searches;
  searches = [...searches, asked].slice(-20);
  if (!(await search(asked))) searches = before;
}

export function back() {
  if (searches.length > 1) searches = searches.slice(0, -1);
  search(searches.at(-1));
}

export function more() {
  const asked = searches.at(-1);
  asked.pages = (asked.pages ?? 1) + 1;
  search(asked);
}

export function refresh() {
  if (results && isShown(results.element)) search(searches.at(-1));
  if (episodes && isShown(episodes.element)) episodes.load();
}

export function toggleWhere(box) {
  where = box.checked;
  search(searches.at(-1));
}

for (const kind of ["index", "find_places"]) jobs.afterEnd(kind, () => results && isShown(results.element) && search(searches.at(-1)));
for (const kind of ["import", "describe"]) jobs.afterEnd(kind, refresh);

// --- ticks ---------------------------------------------------------------------------------------------------------

const boxes = (root) => [...root.querySelectorAll("[data-tick]")];

function showTicks(root) {
  for (const box of boxes(root)) box.checked = ticked.has(box.dataset.tick);
}

export function tick(box, range) {
  const all = boxes(box.closest("[data-mounted]"));
  const [from, to] = [all.findIndex((other) => other.dataset.tick === last), all.indexOf(box)];
  const changed = range && from >= 0 ? all.slice(Math.min(from, to), Math.max(from, to) + 1) : [box];
  for (const other of changed) {
    other.checked = box.checked;
    ticked[box.checked ? "add" : "delete"](other.dataset.tick);
  }
  last = box.dataset.tick;
}

export function tickAll(box) {
  for (const other of boxes(box.closest("[data-mounted]"))) {
    other.checked = box.checked;
    ticked[box.checked ? "add" : "delete"](other.dataset.tick);
  }
}

const tickedIn = (root) => boxes(root).map((box) => box.dataset.tick).filter((name) => ticked.has(name));

async function write(type, values, then) {
  queue.send(type, values);
  ticked.clear();
  await queue.settled();
  then();
}

export function send(where) {
  const pictures = tickedIn(results.element);
  if (!pictures.length) return;
  if (where === "queries") return write("send_to_queries", { pictures }, refresh);
  const key = document.getElementById("search-target").value;
  return write("send_to_support", { pictures, key, name: results.params.sentence ?? "" }, refresh);
}

export function takeOut() {
  takenOut = tickedIn(results.element);
  if (takenOut.length) write("take_out", { pictures: takenOut }, refresh);
}

export function putBack() {
  const pictures = takenOut;
  takenOut = [];
  write("add_to_collection", { pictures }, refresh);
}

export const forgetDraft = (draft) => write("forget_draft", { draft }, refresh);
export const deleteEpisode = (episode) => write("delete_episode", { episode }, () => episodes.set({ deleted: episode }));
export const restoreEpisode = (episode) => write("restore_episode", { episode }, () => episodes.set({ deleted: "" }));
export const exportEpisodes = () => jobs.start("export", { episodes: tickedIn(episodes.element), format: document.getElementById("export-format").value });

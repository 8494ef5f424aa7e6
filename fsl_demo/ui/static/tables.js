// The tabs that are fetched whole: Search and Collection.
import * as collections from "./collections.js";
import * as doctor from "./doctor.js";
import { isShown } from "./dom.js";
import * as jobs from "./jobs.js";
import { Panel } from "./panels.js";
import * as queue from "./queue.js";
import { clearTicks, showTicks, tickedIn } from "./ticks.js";

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
  collections.mount(root.querySelector("#named"));
  doctor.mount(root.querySelector("#collection-doctor"));
  episodes = new Panel(root.querySelector("#episodes"), "episodes", () => showTicks(episodes.element));
}

export function openTab(tab) {
  if (tab === "search") search(searches.at(-1));
  if (tab === "collection") {
    collections.refresh();
    episodes?.load();
  }
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
  collections.refresh();
}

export function toggleWhere(box) {
  where = box.checked;
  search(searches.at(-1));
}

for (const kind of ["index", "find_places"]) jobs.afterEnd(kind, () => results && isShown(results.element) && search(searches.at(-1)));
for (const kind of ["import", "describe"]) jobs.afterEnd(kind, refresh);

async function write(type, values, then) {
  queue.send(type, values);
  clearTicks();
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

const chosenCollection = (id) => document.getElementById(id).value.trim();

export function collectFound() {
  const pictures = tickedIn(results.element);
  const collection = chosenCollection("found-collection");
  if (pictures.length && collection) write("collect_pictures", { collection, pictures }, refresh);
}

export function collectEpisodes() {
  const chosen = tickedIn(episodes.element);
  const collection = chosenCollection("episodes-collection");
  if (chosen.length && collection) write("collect_episodes", { collection, episodes: chosen }, refresh);
}

export const forgetDraft = (draft) => write("forget_draft", { draft }, refresh);
export const deleteEpisode = (episode) => write("delete_episode", { episode }, () => episodes.set({ deleted: episode }));
export const restoreEpisode = (episode) => write("restore_episode", { episode }, () => episodes.set({ deleted: "" }));
export const exportEpisodes = () => jobs.start("export", { episodes: tickedIn(episodes.element), format: document.getElementById("export-format").value });

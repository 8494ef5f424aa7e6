// The doctor of a collection, in the Collection tab: what its buttons do, and how the last one is taken back.
import * as collections from "./collections.js";
import * as jobs from "./jobs.js";
import { annotatorName } from "./labelling.js";
import { Panel } from "./panels.js";
import * as queue from "./queue.js";

let panel = null;
let wanted = {}; // before the tab was ever on view
let back = []; // the edit that takes the last one back

export function mount(element) {
  panel = new Panel(element, "collection_doctor");
  panel.set(wanted);
}

function show(params) {
  wanted = params;
  return panel?.set(params);
}

collections.onCollection("collections.diagnose", (collection) => {
  show({ collection, done: "" });
  jobs.start("diagnose_collection", { collection });
});

jobs.afterEnd("diagnose_collection", () => panel?.set({ done: "" }));

async function write([type, values], undo, done) {
  queue.send(type, values);
  back = undo;
  await queue.settled();
  await panel.set({ done });
  collections.refresh();
}

function move({ collection, sha, name }) {
  const said = { collection, pictures: [sha], annotator: annotatorName() };
  return write(["review_label", { ...said, class_name: name, suggestions: { [sha]: name }, shown: true }], ["review_take_back", said], "moved");
}

function takeOut({ collection, pictures }) {
  const gone = { collection, pictures: pictures.split(" ") };
  return write(["remove_from_collection", gone], ["put_back_into_collection", gone], "taken_out");
}

const marked = ({ dataset }) => ({ collection: dataset.collection, findings: [dataset.finding], annotator: annotatorName() });

export const ACTIONS = {
  "doctor-close": () => show({ collection: "", done: "" }),
  "doctor-move": (el) => move(el.dataset),
  "doctor-out": (el) => takeOut(el.dataset),
  "doctor-settle": (el) => write(["mark_right", marked(el)], ["take_back_right", marked(el)], "settled"),
  "doctor-again": (el) => write(["take_back_right", marked(el)], ["mark_right", marked(el)], "again"),
  "doctor-undo": () => write(back, [], ""),
};

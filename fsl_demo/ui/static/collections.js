// Named collections: their panel in the Collection tab, and what puts pictures into one from other places.
import { isShown } from "./dom.js";
import * as jobs from "./jobs.js";
import { annotatorName } from "./labelling.js";
import { Panel } from "./panels.js";
import * as queue from "./queue.js";
import { clearTicks, showTicks, tickedIn } from "./ticks.js";

let panel = null;
let takenOut = [];

export function mount(element) {
  panel = new Panel(element, "collections", () => {
    showTicks(element);
    for (const button of element.querySelectorAll("[data-action=with-collection]")) button.hidden = !listening.has(button.dataset.for);
  });
}

export const refresh = () => panel && isShown(panel.element) && panel.load();
export const show = (name) => panel?.set({ opened: name, class_name: "", state: "", pages: 1, deleted: "", taken_out: 0 });

async function write(type, values, then = refresh) {
  queue.send(type, values);
  clearTicks();
  await queue.settled();
  await then();
}

// --- what other tabs do with a collection ------------------------------------------------------------------------

const listening = new Map(); // text of the button to what is called with the collection's name

export const onCollection = (text, follow) => listening.set(text, follow);

export const use = (el) => listening.get(el.dataset.for)?.(el.dataset.collection);

// --- putting pictures into one -------------------------------------------------------------------------------------

const typed = (id) => document.getElementById(id).value.trim();

export function put(type, values, name) {
  if (name) return write(type, { collection: name, ...values });
}

export const uploaded = (name, entries) => queue.send("collect_uploads", { collection: name, pictures: entries.map((entry) => [entry.class_name, entry.sha]), annotator: annotatorName() });

function create(type) {
  const name = typed("new-collection");
  if (name) write(type, { collection: name }, () => show(name));
}

function remove(el) {
  takenOut = tickedIn(panel.element);
  const pictures = takenOut;
  if (pictures.length) write("remove_from_collection", { collection: el.dataset.collection, pictures }, () => panel.set({ taken_out: pictures.length }));
}

function freeze(el) {
  const [train, validation, test] = ["train", "validation", "test"].map((part) => Number(typed(`share-${part}`)));
  jobs.start("freeze", { collection: el.dataset.collection, train, validation, test, seed: Number(typed("freeze-seed")) });
}

for (const kind of ["freeze", "import"]) jobs.afterEnd(kind, refresh);

export const ACTIONS = {
  "new-collection": () => create("create_collection"),
  "new-collection-everything": () => create("collect_everything"),
  "rename-collection": (el) => {
    const name = typed("collection-name");
    if (name) write("rename_collection", { collection: el.dataset.collection, name }, () => panel.set({ opened: name }));
  },
  "delete-collection": (el) => write("delete_collection", { collection: el.dataset.collection }, () => panel.set({ opened: "", deleted: el.dataset.collection })),
  "restore-collection": (el) => write("restore_collection", { collection: el.dataset.collection }, () => panel.set({ deleted: "" })),
  "remove-from-collection": remove,
  "put-back-collection": (el) => write("put_back_into_collection", { collection: el.dataset.collection, pictures: takenOut }, () => panel.set({ taken_out: 0 })),
  freeze,
};

// The pictures of a collection that are reviewed: what the server says of them, and what has been answered since.
import { post } from "./dom.js";
import * as jobs from "./jobs.js";
import * as labelling from "./labelling.js";
import * as notices from "./notices.js";
import * as queue from "./queue.js";
import { account } from "./texts.js";

const TRAIL = 200; // pictures behind the one on view that are kept
const NEAR = 50; // so many before the end, the next ones are fetched
const EVERY = 10; // answers after which the classifier learns anew
const STORED = "fsl_review";
const LONGEST = 60; // seconds; whoever takes longer has gone for a coffee
const SITTING = 50; // answers from which the rate is reckoned
export const NONE = null;

export const choices = { collection: "", method: "prototype", order: "unsure", which: "unlabelled", seed: 0, blind: false };
const stored = JSON.parse(localStorage.getItem(STORED) || "{}");
Object.assign(choices, stored.choices);
const places = stored.places ?? {}; // where each queue was left: { trail, at }
const keys = stored.keys ?? {}; // the classes of each collection, in the order of their keys

export const view = { known: false, collections: [], methods: [], counts: null, learned: 0, rest: 0, items: [], place: 0 };
let counted = new Map(); // pictures by class name
let changes = []; // answers and what took them back, of which the server may not have told yet
let steps = []; // what can be undone: { pictures, place }
let times = []; // seconds and pictures of the last answers
let answered = new Set(); // pictures answered in this sitting
let since = 0; // answers since the classifier learned
let asked = 0;
let loading = false;

export const me = () => account || labelling.annotatorName();
export const current = () => view.items[view.place];
export const mine = (item) => item.words.find(([annotator]) => annotator === me());
export const isAnswered = (item) => answered.has(item.sha);
export const lacksSuggestion = () => view.items.slice(view.place, view.place + 2).some((item) => !item.suggestion);
export const canUndo = () => steps.length > 0;
export const classes = () => keys[choices.collection] ?? [];
export const countOf = (name) => counted.get(name) ?? 0;
const queueName = () => [choices.collection, choices.order, choices.which].join("/");

export function remember() {
  if (view.items.length || view.known) {
    const trail = view.items.slice(Math.max(0, view.place - TRAIL), view.place).map((item) => item.sha);
    places[queueName()] = { trail, at: current()?.sha ?? "" };
  }
  localStorage.setItem(STORED, JSON.stringify({ choices, places, keys }));
}

// Whether a picture still waits for an answer in this queue.
function waits(item, place) {
  if (choices.which === "all" || ["disputed", "suspect"].includes(choices.order)) return place >= view.place && !isAnswered(item);
  return choices.which === "mine" ? !mine(item) : !item.words.length;
}

export const left = () => view.rest + view.items.filter(waits).length;

// Pictures a minute, in this sitting; 0 where that is not known yet.
export function rate() {
  const seconds = times.reduce((sum, time) => sum + Math.min(time.seconds, LONGEST), 0);
  const pictures = times.reduce((sum, time) => sum + time.pictures, 0);
  return pictures >= 3 && seconds ? (60 * pictures) / seconds : 0;
}

// Ask for the queue; what is on view and the picture after it stay where they are, or the picture that is called back
// comes on view. Gives whether that is what was asked last.
export async function load(back = "") {
  const mark = (asked += 1);
  const anew = !view.items.length; // as it was left, perhaps by an earlier page
  loading = true;
  const left = places[queueName()];
  const trail = anew ? [...(left?.trail ?? []), left?.at] : view.items.slice(0, view.place + (back ? 0 : 2)).map((item) => item.sha);
  await queue.settled();
  changes = [];
  try {
    const { collection, method, order, which, seed } = choices;
    const answer = await post("data", { draft: queue.currentDraft(), name: "review_queue", values: { collection, method, order, which, seed, annotator: labelling.annotatorName(), trail: [...trail, back].filter(Boolean).slice(-TRAIL) } });
    if (mark !== asked) return false;
    notices.show(answer.notices);
    if (answer.data) take(answer.data, back || (anew ? left?.at : current()?.sha)); // answers may have come meanwhile
    else if (collection) return await forget();
  } catch (error) {
    notices.show([{ kind: "error", text: error.message }]);
  } finally {
    if (mark === asked) loading = false;
  }
  return mark === asked;
}

// The collection is not there any more.
async function forget() {
  choices.collection = "";
  return load();
}

function take(data, at) {
  Object.assign(view, { known: true, collections: data.collections, methods: data.methods });
  if (!data.collection) return Object.assign(view, { counts: null, items: [], place: 0, rest: 0 });
  choices.collection = data.collection;
  const names = data.classes.map(([name]) => name);
  keys[data.collection] = [...new Set([...classes(), ...names])];
  counted = new Map([...data.classes, [NONE, data.counts.none]]);
  const onView = current(); // whose suggestion stays, so that Enter accepts what was read
  const items = data.pictures.map((item) => {
    const { suggestion = null, suspicion = null } = item.sha === onView?.sha && onView.suggestion ? onView : item;
    return { ...item, suggestion, suspicion };
  });
  const place = items.findIndex((item) => item.sha === at);
  Object.assign(view, { counts: data.counts, learned: data.learned, rest: data.rest, items, place: place < 0 ? Math.min(data.passed, items.length) : place });
  for (const change of changes) change();
}

// --- answers -------------------------------------------------------------------------------------------------------

function count(name, by) {
  counted.set(name, countOf(name) + by);
}

// Put a word on a picture, or take the newest of this person's back; gives nothing where the picture is not known.
function change(sha, back, name) {
  const item = view.items.find((other) => other.sha === sha);
  if (!item) return;
  const before = item.words[0];
  if (before) count(before[1], -1);
  if (!back) item.words = [[me(), name], ...item.words];
  else item.words = item.words.filter((word, place) => place !== item.words.findIndex(([annotator]) => annotator === me()));
  if (item.words.length) count(item.words[0][1], 1);
  view.counts.labelled += Boolean(item.words.length) - Boolean(before);
}

function note(make) {
  make();
  changes.push(make);
}

// Say what pictures are; `groups` are pairs of a class name (or NONE) and pictures. One step to undo. A suspected label
// that is given again is right from then on; whoever gave it has said so already.
export function answer(groups, shownSuggestions, seconds) {
  const pictures = groups.flatMap(([, items]) => items.map((item) => item.sha));
  const back = [];
  const about = { collection: choices.collection, annotator: labelling.annotatorName() };
  for (const [name, all] of groups) {
    const upheld = all.filter((item) => item.suspicion && item.words[0]?.[1] === name);
    const items = all.filter((item) => !upheld.includes(item) || mine(item)?.[1] !== name);
    if (upheld.length) {
      const marked = { ...about, findings: upheld.map((item) => item.suspicion[0]) };
      queue.send("mark_right", marked);
      back.push(["take_back_right", marked]);
    }
    if (!items.length) continue;
    const labelled = { ...about, pictures: items.map((item) => item.sha) };
    back.push(["review_take_back", labelled]);
    const suggestions = Object.fromEntries(items.filter((item) => item.suggestion).map((item) => [item.sha, item.suggestion[0]]));
    queue.send("review_label", { ...labelled, class_name: name, suggestions, shown: shownSuggestions, seconds });
    if (name !== NONE && !classes().includes(name)) addClass(name);
    for (const item of items) note(() => change(item.sha, false, name));
  }
  for (const sha of pictures) answered.add(sha);
  steps.push({ pictures, place: view.place, back });
  times = [...times, { seconds, pictures: pictures.length }].slice(-SITTING);
  since += pictures.length;
  if (since >= EVERY) learn();
}

export async function undo() {
  const step = steps.pop();
  if (!step) return false;
  for (const [type, values] of step.back) {
    queue.send(type, values);
    for (const sha of values.pictures ?? []) note(() => change(sha, true));
  }
  for (const sha of step.pictures) answered.delete(sha);
  const place = view.items.findIndex((item) => item.sha === step.pictures[0]);
  if (place < 0) return load(step.pictures[0]);
  go(place);
  return true;
}

export function settled(picture, name) {
  const about = { collection: choices.collection, annotator: labelling.annotatorName() };
  queue.send("review_settle", { ...about, picture, class_name: name });
  steps.push({ pictures: [picture], place: view.place, back: [["review_take_back", { ...about, pictures: [picture] }]] });
}

export function addClass(name) {
  keys[choices.collection] = [...classes(), name];
  remember();
}

export function go(place) {
  view.place = Math.max(0, Math.min(view.items.length, place));
  remember();
  if (view.rest && !loading && view.items.length - view.place < NEAR) load();
}

// To the next picture that waits for an answer.
export function advance() {
  const after = view.items.findIndex((item, place) => place > view.place && waits(item, place));
  go(after < 0 ? view.items.length : after);
}

// Another queue, or another person's; without values, the same one.
export function choose(values) {
  remember();
  Object.assign(choices, values);
  if (!Object.keys(values).length || "collection" in values) [steps, times, answered, since] = [[], [], new Set(), 0];
  view.items = [];
  view.place = 0;
  return load();
}

export function startAgain() {
  delete places[queueName()];
  answered = new Set();
  view.items = [];
  view.place = 0;
  return load();
}

// --- the classifier ------------------------------------------------------------------------------------------------

let learning = null; // what the classifier learns at the moment
const heldOut = () => choices.order === "disputed" || (choices.which !== "unlabelled" && choices.order !== "suspect");
const lesson = () => ({ collection: choices.collection, method: choices.method, held_out: heldOut(), suspects: choices.order === "suspect" });
export const canLearn = () => [...counted].filter(([name, pictures]) => name !== NONE && pictures > 0).length > 1;

// Learn from what is labelled, behind what the person does.
export async function learn() {
  if (learning || !canLearn()) return;
  since = 0;
  learning = lesson();
  if (!(await jobs.start("suggest", learning))) learning = null;
}

// What was learned is there; by now something else may be wanted.
export async function learned() {
  const taught = learning;
  learning = null;
  await load();
  if (since >= EVERY || (taught && JSON.stringify(taught) !== JSON.stringify(lesson()))) learn();
}

// Learn once a queue is opened of which not everything is known.
export function learnFirst() {
  const lacking = view.items.some((item) => !item.suggestion) || (choices.order === "suspect" && !view.items.length);
  if (view.counts && (!view.learned || lacking)) learn();
}

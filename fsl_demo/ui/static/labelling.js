// Labels as edits: what a person says of a query acts on the picture that is on view, at once.
import * as queue from "./queue.js";
import * as state from "./state.js";

let annotator = localStorage.getItem("fsl_annotator") || "";

export const annotatorName = () => annotator;

export function setAnnotator(name) {
  annotator = name.split(/\s+/).filter(Boolean).join(" ").slice(0, 60);
  localStorage.setItem("fsl_annotator", annotator);
}

const before = (ids) => ({ labels: Object.fromEntries(ids.map((id) => [id, state.row(id)?.label ?? ""])) });

// Say what a query is; "" takes the label back.
export function label(id, answer, seconds = 0) {
  const row = state.row(id);
  if (!row) return;
  const values = { query: row.sha, answer, suggestion: row.answer ?? "", seconds, annotator };
  queue.send("label", values, { labels: { [id]: answer } }, before([id]));
}

// Label many queries with the answers that are on view, in one step.
export function accept(ids) {
  const answers = {};
  const labels = {};
  for (const id of ids) {
    const { answer, sha } = state.row(id);
    (answers[answer] ??= []).push(sha);
    labels[id] = answer;
  }
  queue.send("accept", { answers, annotator }, { labels }, before(ids));
}

export function join(id) {
  const row = state.row(id);
  if (row?.label && row.label !== state.NONE) queue.send("join_support", { query: row.sha }, { gone: [id] });
}

export function remove(ids) {
  queue.send("remove_queries", { queries: ids.map((id) => state.row(id).sha) }, { gone: ids });
}

// Unlabelled queries first, disputed and unsure ones leading; then the labelled ones.
export function workOrder() {
  const rows = state.rows();
  const unsure = (row) => (row.p === undefined ? 0 : 1 - row.p);
  const rank = (row) => [row.label ? 1 : 0, row.differs ? 0 : 1, -unsure(row)];
  return rows
    .map((row, place) => ({ row, key: [...rank(row), place] }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ row }) => row);
}

function compare(a, b) {
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return a[i] - b[i];
  return 0;
}

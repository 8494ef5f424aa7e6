// What the server says of the draft on view, and how what is still to be written changes it.
export const NONE = "none";
const ID_LENGTH = 16;

const server = { at: "", parts: new Map(), data: {}, rows: new Map(), order: [] };
const listeners = new Set();
const none = () => ({ labels: new Map(), names: new Map(), gone: new Set(), marks: [] });
let effects = none();

export const parts = server.parts;
export const at = () => server.at;
export const data = (name, otherwise) => server.data[name] ?? otherwise;

// Called with { parts: names of those that changed, rows: whether rows or their order changed }.
export const onChange = (listener) => listeners.add(listener);

export function reset() {
  Object.assign(server, { at: "", data: {}, order: [] });
  server.rows.clear();
  server.parts.clear();
}

const number = (at) => Number(at.split(":")[1] ?? -1);

// Take over what the server sent, unless something newer is here already. False where something before it is missing.
export function apply(changes) {
  const same = changes.at.split(":")[0] === server.at.split(":")[0];
  if (same && number(changes.at) <= number(server.at)) return true;
  if (!changes.whole && (!same || number(changes.since) > number(server.at))) return false;
  if (changes.whole) reset();
  server.at = changes.at;
  const changed = [];
  for (const [name, value] of Object.entries(changes.parts)) {
    if (name.startsWith("data:")) server.data[name.slice(5)] = value;
    else server.parts.set(name, value);
    changed.push(name);
  }
  const rows = Object.entries(changes.rows);
  for (const [id, row] of rows) server.rows.set(id, { ...row, id });
  if (changes.order) {
    server.order = changes.order;
    const kept = new Set(changes.order);
    for (const id of server.rows.keys()) if (!kept.has(id)) server.rows.delete(id);
  }
  tell({ parts: changed, rows: rows.length > 0 || Boolean(changes.order) || changes.whole });
  return true;
}

// What edits that are not acknowledged yet change: labels by id ("" takes one back), names by class key, ids that go,
// marks of pictures, one in the place of another (null for none).
export function expect(pending) {
  effects = none();
  for (const { effect } of pending) {
    for (const [id, label] of Object.entries(effect?.labels ?? {})) effects.labels.set(id, label);
    for (const [key, name] of Object.entries(effect?.names ?? {})) effects.names.set(key, name);
    for (const id of effect?.gone ?? []) effects.gone.add(id);
    if (effect?.mark) effects.marks.push(effect.mark);
  }
}

export function tell(change) {
  for (const listener of listeners) listener(change);
}

export const order = () => (effects.gone.size ? server.order.filter((id) => !effects.gone.has(id)) : server.order);

export function row(id) {
  const known = server.rows.get(id);
  if (!known || !effects.labels.has(id)) return known;
  const label = effects.labels.get(id);
  return { ...known, label: label || undefined, waiting: true };
}

export const rows = () => order().map(row).filter(Boolean);

export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// What is marked on a picture, in order: "regions" of a query ({ box, name, annotator, source }), "boxes" of a support
// picture.
export function marks(kind, sha) {
  let known = kind === "regions" ? server.rows.get(sha.slice(0, ID_LENGTH))?.regions : data("classes", []).map((entry) => data(`boxes:${entry.key}`, {})[sha]).find(Boolean);
  known = [...(known ?? [])];
  for (const mark of effects.marks.filter((mark) => mark.kind === kind && mark.sha === sha)) {
    if (mark.before) known = known.map((other) => (same(other, mark.before) ? mark.after : other)).filter(Boolean);
    else if (!known.some((other) => same(other, mark.after))) known.push(mark.after);
  }
  return known;
}

// The classes that count, with what they are called, also by what is being written.
export const classes = () =>
  data("classes", [])
    .filter((entry) => entry.counts)
    .map((entry) => ({ ...entry, name: effects.names.get(entry.key) || entry.name }));

export function className(key, texts) {
  if (key === NONE) return texts("none");
  return classes().find((entry) => entry.key === key)?.name ?? texts("removed_class");
}

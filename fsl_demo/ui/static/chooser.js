// Keys that stand for a class: its number (two digits, or one and Enter, where there are more than nine classes; 0 is
// "none of these"), or
// the first letters of its name and Enter. Letters alone never answer: whoever types on would label the next picture.
import { NONE, classes } from "./state.js";

let typed = "";

export const typedSoFar = () => typed;
export const forget = () => (typed = "");
const width = () => (classes().length > 9 ? 2 : 1);

export const keyOf = (position) => String(position + 1).padStart(width(), "0");
export const noneKey = () => "0".repeat(width());

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

// The classes whose names begin with what was typed, the shortest name first.
export function candidates(text = typed) {
  if (!text || /^\d+$/.test(text)) return [];
  const wanted = plain(text);
  return classes()
    .filter((entry) => plain(entry.name).startsWith(wanted))
    .sort((a, b) => a.name.length - b.name.length);
}

// Takes a key. Gives { answer } when it completes a choice, { typed } when that is still open, null for other keys.
export function press(key) {
  if (key === "Escape" || key === "Backspace") {
    if (!typed) return null;
    typed = key === "Escape" ? "" : typed.slice(0, -1);
    return { typed };
  }
  if (key === "Enter") {
    if (!typed) return null;
    if (/^\d+$/.test(typed)) return number(typed.padStart(width(), "0"));
    const best = candidates()[0];
    typed = "";
    return best ? { answer: best.key } : { typed };
  }
  if ([...key].length !== 1 || /[+?]/.test(key) || (/\s/.test(key) && !typed)) return null;
  const next = typed + key;
  if (/^\d+$/.test(next)) return number(next);
  if (candidates(next).length) typed = next;
  return typed || /\p{L}/u.test(key) ? { typed } : null;
}

function number(next) {
  typed = next.length < width() ? next : "";
  if (typed) return { typed };
  const position = Number(next) - 1;
  const known = classes();
  return position < 0 ? { answer: NONE } : position < known.length ? { answer: known[position].key } : { typed };
}

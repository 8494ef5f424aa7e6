// Edits on their way to the server: shown at once, kept in the browser until they are acknowledged, sent in order,
// sent again after a break. The server takes each number once.
import { edits as FIELDS } from "../requests.js";
import { post, token, written } from "./dom.js";
import * as notices from "./notices.js";
import * as state from "./state.js";
import { t } from "./texts.js";

const MOST = 200;
const LONGEST_PAUSE = 5_000;
const STORED = "fsl_edits:";

let tab = "";
let draft = "";
let number = 0;
let pending = [];
let sending = false;
let pause = 0;
let trouble = "";
const steps = []; // effects that would take back the edits of this page, the last one last
const idle = new Set();
const listeners = new Set();

export const currentDraft = () => draft;
export const currentTab = () => tab;
export const waiting = () => pending.length;
export const problem = () => trouble;
export const onChange = (listener) => listeners.add(listener);

// Find this browser tab's own number sequence; a duplicated tab gets one of its own.
export async function begin() {
  tab = sessionStorage.getItem("fsl_tab") || "";
  if (!tab || !(await hold(tab))) {
    tab = token(16);
    await hold(tab);
    sessionStorage.setItem("fsl_tab", tab);
    sessionStorage.removeItem("fsl_number");
  }
  number = Number(sessionStorage.getItem("fsl_number") || 0);
  pending = JSON.parse(localStorage.getItem(STORED + tab) || "[]");
  number = Math.max(number, ...pending.map((edit) => edit.n));
  await adopt();
  changed();
}

// The lock lasts as long as the page: whoever finds it free knows that the tab is gone.
function hold(name) {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    navigator.locks.request(`fsl_tab:${name}`, { ifAvailable: true }, (lock) => {
      resolve(Boolean(lock));
      return lock ? new Promise(() => {}) : undefined;
    });
  });
}

// Send what tabs that were closed could not send.
async function adopt() {
  if (!navigator.locks) return;
  for (const key of Object.keys(localStorage).filter((key) => key.startsWith(STORED) && key !== STORED + tab)) {
    const other = key.slice(STORED.length);
    await navigator.locks.request(`fsl_tab:${other}`, { ifAvailable: true }, async (lock) => {
      if (!lock) return;
      const left = JSON.parse(localStorage.getItem(key) || "[]");
      for (const name of new Set(left.map((edit) => edit.draft))) {
        const own = left.filter((edit) => edit.draft === name).map(({ n, type, values }) => ({ n, type, values }));
        await post("edits", { draft: name, tab: other, at: "", edits: own }).catch((error) => {
          if (!error.refused) throw error;
        });
      }
      localStorage.removeItem(key);
    }).catch(() => {});
  }
}

export function use(name) {
  draft = name;
  steps.length = 0;
  changed(); // what an earlier page could not send is of this draft, perhaps
}

// Queue an edit and give its number. `effect` is what it changes at once on view, `back` the effect of taking it back.
export function send(type, values, effect = null, back = null) {
  const fields = FIELDS[type];
  const wrong = fields ? Object.keys(values).filter((name) => !fields.includes(name)) : [type];
  if (wrong.length) throw new Error(`edit ${type}: ${wrong} not known`);
  if (type === "undo") effect = steps.pop() ?? null;
  else steps.push(back);
  number += 1;
  sessionStorage.setItem("fsl_number", String(number));
  pending.push({ n: number, draft, type, values, effect });
  changed();
  state.tell({ parts: [], rows: Boolean(effect) });
  pump();
  return number;
}

function changed() {
  if (pending.length) localStorage.setItem(STORED + tab, JSON.stringify(pending));
  else localStorage.removeItem(STORED + tab);
  state.expect(pending.filter((edit) => edit.draft === draft));
  if (!pending.length) {
    for (const resolve of idle) resolve();
    idle.clear();
  }
  for (const listener of listeners) listener();
}

// Resolves once everything is written.
export const settled = () => (pending.length ? new Promise((resolve) => idle.add(resolve)) : Promise.resolve());

export async function pump() {
  if (sending || !pending.length) return;
  sending = true;
  const target = pending[0].draft;
  const batch = pending.slice(0, MOST).filter((edit) => edit.draft === target);
  try {
    const answer = await post("edits", {
      draft: target,
      tab,
      at: target === draft ? state.at() : "",
      edits: batch.map(({ n, type, values }) => ({ n, type, values })),
    });
    pause = 0;
    trouble = "";
    pending = pending.filter((edit) => edit.draft !== target || edit.n > answer.taken);
    changed();
    written(answer.taken);
    if (target === draft) state.apply(answer);
    state.tell({ parts: [], rows: true });
    notices.show(answer.notices);
  } catch (error) {
    if (error.code === "draft_missing") {
      pending = pending.filter((edit) => edit.draft !== target);
      written(Infinity);
      notices.show([{ kind: "error", text: error.message }]);
    } else {
      trouble = error.refused ? error.message : t("saving.offline");
      pause = Math.min(LONGEST_PAUSE, pause ? 2 * pause : 250);
    }
    changed();
  }
  sending = false;
  if (pending.length) setTimeout(pump, pause);
}

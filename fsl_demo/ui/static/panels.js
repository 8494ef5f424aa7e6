// Parts of the page that are fetched when they are looked at. A panel remembers its parameters; what is in it changes
// them by `data-set` (on a button) and `data-param` (on a field).
import { panels as FIELDS } from "../requests.js";
import { morph, onceReleased, post } from "./dom.js";
import * as notices from "./notices.js";
import { drawFigures } from "./plots.js";
import { currentDraft } from "./queue.js";

const open = new WeakMap();

export const panelOf = (el) => open.get(el.closest("[data-panel-root]"));

export class Panel {
  constructor(element, name, onLoad = () => {}) {
    Object.assign(this, { element, name, onLoad, params: {}, asked: 0 });
    element.dataset.panelRoot = name;
    open.set(element, this);
  }

  set(params) {
    const known = Object.fromEntries(Object.entries(params).filter(([name]) => FIELDS[this.name].includes(name)));
    this.params = { ...this.params, ...known };
    return this.load();
  }

  // Gives whether the panel is on view as asked; what cannot be had is told, and what was on view stays.
  async load() {
    const asked = (this.asked += 1);
    this.element.setAttribute("aria-busy", "true");
    try {
      const answer = await post("panel", { draft: currentDraft(), name: this.name, values: this.params });
      if (asked !== this.asked) return false;
      notices.show(answer.notices);
      if (answer.html === null) return false;
      await new Promise(onceReleased);
      morph(this.element, answer.html);
      this.onLoad();
      return true;
    } catch (error) {
      if (asked === this.asked) notices.show([{ kind: "error", text: error.message }]);
      return false;
    } finally {
      if (asked === this.asked) this.element.removeAttribute("aria-busy");
    }
  }

  clear() {
    this.asked += 1;
    this.params = {};
    this.element.replaceChildren();
  }
}

// A folded part with a panel in it: it is fetched when it is unfolded.
document.addEventListener(
  "toggle",
  (event) => {
    const folded = event.target;
    if (!folded.dataset?.panel || !folded.open) return;
    const body = folded.querySelector("[data-body]");
    const panel = open.get(body) ?? new Panel(body, folded.dataset.panel, () => drawFigures(body));
    panel.set({ ...folded.dataset, key: folded.dataset.keyOf });
  },
  true,
);

// Fetch again what is unfolded inside an element.
export function reloadIn(element) {
  for (const folded of element.querySelectorAll("details[data-panel][open]")) open.get(folded.querySelector("[data-body]"))?.load();
}

document.addEventListener("click", (event) => {
  const setter = event.target.closest("[data-set]");
  if (setter) panelOf(setter)?.set(JSON.parse(setter.dataset.set));
});

export function applyParams(el) {
  const panel = panelOf(el);
  const fields = [...panel.element.querySelectorAll("[data-param]")].filter((field) => panelOf(field) === panel);
  return panel.set(Object.fromEntries(fields.map((field) => [field.dataset.param, field.value])));
}

document.addEventListener("change", (event) => {
  if (event.target.matches?.("select[data-param], input[type=date][data-param]")) applyParams(event.target);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.isComposing && event.target.matches?.("input[data-param]")) {
    event.preventDefault();
    applyParams(event.target);
  }
});

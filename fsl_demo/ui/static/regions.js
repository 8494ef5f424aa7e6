// What is where on a picture: the boxes of a method, and those that a person drew, accepted or named; a list beside the
// picture, and why a box is called what it is. A box acts on the picture that is on view, at once.
import { act, BoxStage } from "./boxes.js";
import * as chooser from "./chooser.js";
import { element, html, isTyping, keepUntil, morph, percent, post, shown, token } from "./dom.js";
import { annotatorName } from "./labelling.js";
import { Panel } from "./panels.js";
import * as queue from "./queue.js";
import * as state from "./state.js";
import { account, t } from "./texts.js";

const HUES = 8;
const TAGS = 12; // with more boxes in view, only the surest have their words beside them
const BOLD = 30; // the others have a thin line until they are looked for
const CLASSES = 9; // that are offered as buttons
const FRESH = [0.3, 0.3, 0.7, 0.7]; // a box that was drawn by key
const PAUSE = 350;

const choice = { least: 0.5 };

// --- edits ---------------------------------------------------------------------------------------------------------

const EDITS = { regions: "mark_region", boxes: "mark_box" };
const rounded = (box) => box.map((edge) => Number(edge.toFixed(5)));

// One mark of a picture in the place of another; null is none. Gives the number of the edit.
function mark(kind, sha, before, after, batch = "") {
  const [effect, back] = [{ mark: { kind, sha, before, after } }, { mark: { kind, sha, before: after, after: before } }];
  return queue.send(EDITS[kind], { picture: sha, before, after, batch }, effect, back);
}

// --- a picture with its boxes --------------------------------------------------------------------------------------

const alike = (a, b) => a.every((edge, i) => Math.abs(edge - b[i]) < 1e-4);
const plain = (text) => text.trim().split(/\s+/).join(" ");
const sameName = (a, b) => plain(a).toLowerCase() === plain(b).toLowerCase();
const classCalled = (name) => state.classes().findIndex((entry) => sameName(entry.name, name));

export class RegionView {
  // `naming`: whether boxes have names, as on a query; on a support picture, a box is the thing that the class is.
  constructor(root, { sha, name, naming }) {
    Object.assign(this, { root, sha, naming, kind: naming ? "regions" : "boxes", chosen: "", hovered: "", sent: null, batch: "" });
    this.dropped = new Set(); // proposed boxes that are out of sight
    this.nameless = []; // boxes that are kept once they have a name
    root.replaceChildren(
      element(html`<div class="regions">
      <div class="line" data-bar></div>
      <div class="regions-split"><div data-stage></div><div class="regions-side"><div class="region-list" data-list aria-label="${t("region.list")}"></div></div></div>
      <p class="typed" data-typed aria-live="polite"></p><div data-chosen></div><div data-why></div></div>`),
    );
    const part = (of) => root.querySelector(`[data-${of}]`);
    Object.assign(this, { bar: part("bar"), list: part("list"), about: part("chosen"), typed: part("typed"), why: new Panel(part("why"), "region_details") });
    this.stage = new BoxStage(part("stage"), { src: shown(sha), alt: name }, this.on(() => this.stage));
    this.list.addEventListener("click", (event) => this.choose(keyOf(event)));
    this.list.addEventListener("keydown", (event) => this.inList(event));
    for (const type of ["pointerover", "focusin"]) this.list.addEventListener(type, (event) => this.hover(keyOf(event)));
    for (const type of ["pointerleave", "focusout"]) this.list.addEventListener(type, () => this.hover(""));
    root.addEventListener("input", (event) => event.target.matches("[data-least]") && this.setLeast(Number(event.target.value)));
    root.addEventListener("change", (event) => event.target.matches("[data-region-name]") && this.call(event.target));
    root.addEventListener("click", (event) => this.press(event.target.closest("[data-do]"), event.detail === 0));
    root.addEventListener("keydown", (event) => this.key(event));
    this.draw();
  }

  // What the stage and the list tell; `focused` gives which of them has the focus, and keeps it.
  on(focused) {
    return {
      choose: (key) => this.choose(key),
      hover: (key) => this.hover(key),
      draw: (box) => this.add(box),
      change: (key, box) => this.change(key, box),
      accept: (key) => this.accept(key, focused()),
      remove: (key) => this.remove(key, focused()),
      step: (by) => this.step(by, focused()),
      type: (event) => this.type(event, focused()),
      leave: () => this.leave(),
    };
  }

  // What a method found: { regions, title, method, wrong }.
  receive(sent) {
    this.sent = sent;
    this.dropped.clear();
    this.draw();
    if (this.chosen) this.explain();
  }

  // Everything that is on view: first what is a person's own, then what the method is surest of.
  items() {
    const own = state.marks(this.kind, this.sha).map((mark, n) => (this.naming ? { key: `own-${n}`, mark, ...mark, own: true } : { key: `own-${n}`, mark, box: mark, name: t("region.thing"), source: "drawn", own: true }));
    const nameless = this.nameless.map((box, n) => ({ key: `new-${n}`, box, name: "", source: "drawn", own: true }));
    const proposed = (this.sent?.regions ?? [])
      .map(([box, score, words], n) => ({ key: `proposed-${n}`, box, score, words, name: words[0]?.[0] ?? "" }))
      .filter((item) => item.score >= choice.least && !this.dropped.has(item.key) && !own.some((region) => alike(region.box, item.box)));
    return [...own, ...nameless, ...proposed].map((item, n) => {
      const called = item.name || t("region.unnamed");
      const number = item.own ? (item.source === "accepted" ? "✓" : "✎") : percent(item.score);
      const at = classCalled(item.name);
      return { ...item, called, number, text: `${called} ${number}`, hue: at < 0 ? HUES - 1 : at % (HUES - 1), tagged: n < TAGS, faint: !item.own && n >= BOLD, label: t(`region_source.${item.source ?? "proposed"}`, { name: called, x: number }) };
    });
  }

  draw() {
    const items = this.items();
    if (!items.some((item) => item.key === this.chosen)) this.chosen = "";
    this.stage.show(items, this.chosen);
    morph(this.bar, this.barHtml(items));
    this.list.setAttribute("role", items.length ? "listbox" : "group");
    morph(this.list, items.length ? html`${items.map((item, n) => this.itemHtml(item, n))}` : html`<p class="${this.sent?.wrong ? "warn" : "hint"}">${this.nothing()}</p>`);
    const typed = chooser.typedSoFar();
    morph(this.typed, this.chosen && typed ? html`${typed}… ${chooser.candidates()[0] ? html`<b>${chooser.candidates()[0].name}</b> <kbd>Enter</kbd>` : ""}` : "");
    morph(this.about, this.chosenHtml(items.find((item) => item.key === this.chosen)));
    this.hover(this.hovered);
  }

  nothing() {
    if (this.sent?.wrong) return this.sent.wrong;
    if (!this.naming) return t("region.whole_picture");
    if (!this.sent) return t("region.looking");
    if (!this.sent.method) return t("region.no_method");
    return this.sent.regions.length ? t("region.none_above", { x: percent(choice.least) }) : t("region.nothing", { method: this.sent.title });
  }

  barHtml(items) {
    const all = this.sent?.regions.length ?? 0;
    const shownNow = items.filter((item) => !item.own).length;
    return html`${all ? html`<label class="slider"><span>${t("region.least")}</span><input type="range" data-least min="0" max="1" step="0.01" value="${choice.least}" aria-label="${t("region.least")}"><output>${percent(choice.least)}</output></label>` : ""}
    <button class="quiet ${this.stage.drawing ? "on" : ""}" data-do="draw" aria-pressed="${String(this.stage.drawing)}" title="+">▢ ${t("region.draw")} <kbd>+</kbd></button>
    <span class="hint grow">${this.stage.drawing ? t("region.draw_hint") : all ? t("region.count", { n: shownNow, total: all, method: this.sent.title }) : ""}</span>`;
  }

  itemHtml(item, n) {
    const on = item.key === this.chosen;
    return html`<button role="option" class="region-item ${on ? "on" : ""}" data-region="${item.key}" id="region-${this.sha.slice(0, 8)}-${item.key}" tabindex="${on || (!this.chosen && n === 0) ? 0 : -1}" aria-selected="${String(on)}" aria-label="${item.label}"><i class="swatch hue-${item.hue} ${item.own ? "own" : "proposed"}"></i><span class="name">${item.called}</span><b>${item.number}</b></button>`;
  }

  chosenHtml(item) {
    if (!item) return this.items().length ? html`<p class="hint">${t(this.naming ? "region.keys_hint" : "region.thing_keys_hint")}</p>` : "";
    const words = item.own ? state.classes().slice(0, CLASSES).map((entry) => [entry.name, null]) : item.words;
    const names = html`<div class="chips" role="group" aria-label="${t("region.called")}">${words.map(([word, p]) => {
      const on = item.own && sameName(word, item.name);
      return html`<button class="chip ${on ? "on" : ""}" data-do="name" data-word="${word}" aria-pressed="${String(on)}">${word}${p === null ? "" : html` <small>${percent(p)}</small>`}</button>`;
    })}</div>
    <div class="line"><input type="text" class="grow" data-region-name list="region-names" maxlength="100" value="${item.own ? item.name : ""}" placeholder="${t("region.name_placeholder")}" aria-label="${t("region.called")}"><datalist id="region-names">${state.classes().map((entry) => html`<option value="${entry.name}"></option>`)}</datalist></div>`;
    return html`<div class="region-chosen" role="group" aria-label="${item.label}"><div class="line"><b class="grow">${item.called} ${item.own ? "" : item.number}</b>
    ${item.own ? "" : html`<button class="primary" data-do="accept">✓ ${t("region.accept")} <kbd>Enter</kbd></button>`}
    <button class="quiet" data-do="remove">${t(item.own ? "region.remove" : "region.hide")} <kbd>Delete</kbd></button></div>
    ${item.name ? "" : html`<p class="warn">${t("region.name_it")}</p>`}${this.naming ? names : ""}</div>`;
  }

  // --- what can be done ---

  item(key) {
    return this.items().find((item) => item.key === key);
  }

  choose(key, focused = null) {
    if (key !== this.chosen) {
      this.chosen = key;
      this.batch = `box-${token(8)}`;
      chooser.forget();
      this.draw();
      this.explain();
    }
    this.list.querySelector(`[data-region="${key}"]`)?.scrollIntoView({ block: "nearest" });
    focused?.focus(key);
  }

  hover(key) {
    this.hovered = key;
    this.stage.setHover(key);
    for (const row of this.list.querySelectorAll("[data-region]")) row.classList.toggle("hover", row.dataset.region === key);
  }

  setLeast(value) {
    choice.least = value;
    this.draw();
  }

  press(button, byKey) {
    const what = button?.dataset.do;
    if (what === "draw") return byKey ? this.add(FRESH) : this.setDrawing(!this.stage.drawing);
    if (what === "name") this.name(this.chosen, button.dataset.word);
    else if (what) this[what](this.chosen);
  }

  setDrawing(drawing) {
    this.stage.setDrawing(drawing);
    this.draw();
  }

  // A new box; on a query it is kept once it has a name.
  add(box) {
    this.stage.setDrawing(false);
    if (this.naming) this.nameless.push(rounded(box));
    else mark("boxes", this.sha, null, rounded(box));
    this.choose(this.items().findLast((item) => item.own).key, this.stage);
  }

  // Another shape makes an accepted box a drawn one.
  change(key, box) {
    const item = this.item(key);
    if (!item.mark) this.nameless[Number(key.slice("new-".length))] = rounded(box);
    else mark(this.kind, this.sha, item.mark, this.naming ? this.region(box, item.name, "drawn") : rounded(box), this.batch);
    this.choose(key);
    this.draw();
    this.explain();
  }

  region(box, name, source) {
    return { box: rounded(box), name, annotator: account || annotatorName(), source };
  }

  accept(key, focused) {
    const item = this.item(key);
    if (item && !item.own) this.name(key, item.name, focused);
  }

  // Say what is in a box; a proposed one becomes a person's own. Gives the number of the edit.
  name(key, word, focused) {
    const item = this.item(key);
    const name = plain(word);
    if (!name) return 0;
    if (key.startsWith("new-")) this.nameless.splice(Number(key.slice("new-".length)), 1);
    const after = this.region(item.box, name, !item.own && name === item.name ? "accepted" : "drawn");
    const number = mark("regions", this.sha, item.mark ?? null, after);
    this.choose(this.items().find((other) => other.mark && state.same(other.mark, after)).key, focused);
    this.draw();
    return number;
  }

  // By a typed word; the name of a class is written as the class has it.
  call(field) {
    keepUntil(field, this.name(this.chosen, state.classes()[classCalled(field.value)]?.name ?? field.value));
  }

  // A person's own box goes; a proposed one is out of sight until the details are opened again.
  remove(key, focused) {
    const item = this.item(key);
    const place = this.items().findIndex((other) => other.key === key);
    if (item.mark) mark(this.kind, this.sha, item.mark, null);
    else if (item.own) this.nameless.splice(Number(key.slice("new-".length)), 1);
    else this.dropped.add(key);
    const left = this.items();
    this.chosen = "";
    this.choose((left[place] ?? left.at(-1))?.key ?? "", focused);
    this.draw();
  }

  // To the next box in the list, or the one before it.
  step(by, focused) {
    const keys = this.items().map((item) => item.key);
    const next = keys[keys.indexOf(this.chosen) + by];
    if (next) this.choose(next, focused);
  }

  leave() {
    if (this.stage.drawing) this.setDrawing(false);
    else if (this.chosen) this.choose("");
    else return false;
    return true;
  }

  // The number of a class, or the letters that its name begins with.
  type(event, focused) {
    if (!this.naming) return false;
    const pressed = chooser.press(event.key);
    if (!pressed) return false;
    if (pressed.answer && pressed.answer !== state.NONE) this.name(this.chosen, state.className(pressed.answer, t), focused);
    this.draw();
    return true;
  }

  inList(event) {
    const item = this.item(keyOf(event));
    const list = { focus: (key) => this.list.querySelector(`[data-region="${key}"]`)?.focus() };
    if (item && act(event, item, this.on(() => list), true)) event.preventDefault();
  }

  // A new box by key; what presses a button here is no key of the tab.
  key(event) {
    if (isTyping(event.target) || event.ctrlKey || event.metaKey) return;
    if (event.key === "+") {
      event.preventDefault();
      this.add(FRESH);
    } else if (["Enter", " "].includes(event.key)) event.stopPropagation();
  }

  explain() {
    clearTimeout(this.waiting);
    const item = this.item(this.chosen);
    if (!item || !this.sent?.method) return this.why.clear();
    this.waiting = setTimeout(() => this.why.set({ query: this.sha, method: this.sent.method, box: item.box }), PAUSE);
  }
}

const keyOf = (event) => event.target.closest("[data-region]")?.dataset.region ?? "";

// --- of a query, in its details; of a support picture, enlarged -----------------------------------------------------

const views = { query: null, thing: null };
let asked = []; // what the boxes of the query depend on

// The details of a query were loaded.
export async function mount(query, method) {
  const root = document.getElementById("regions");
  if (!root) return close();
  if (views.query?.root !== root || !root.firstElementChild) {
    views.query = new RegionView(root, { sha: query, name: state.rows().find((row) => row.sha === query)?.name ?? "", naming: true });
    asked = [];
  }
  const [view, wanted] = [views.query, [query, method, state.data("columns", []), state.data("draft", {}).outdated]];
  if (wanted.every((value, i) => value === asked[i])) return;
  asked = wanted;
  try {
    const answer = await post("panel", { draft: queue.currentDraft(), name: "regions", values: { query, method } });
    if (asked === wanted) view.receive(JSON.parse(answer.html ?? "null") ?? { regions: [], method: "", wrong: answer.notices[0]?.text });
  } catch (error) {
    if (asked === wanted) view.receive({ regions: [], method: "", wrong: error.message });
  }
}

export function close() {
  views.query = null;
  asked = [];
}

// A support picture with the boxes that say where its thing is.
export function showThing(root, sha, name) {
  views.thing = new RegionView(root, { sha, name, naming: false });
}

export function draw() {
  for (const view of Object.values(views)) if (view?.root.isConnected) view.draw();
}

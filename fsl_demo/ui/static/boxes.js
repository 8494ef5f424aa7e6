// Boxes over a picture: shown, chosen, drawn, moved and resized by mouse, touch and keys. Places are fractions of the
// picture, so that the boxes scale with it.
import { element, html } from "./dom.js";

const STEP = 0.01;
const LEAST = 0.01; // side of a box
const CLICK = 4; // pixels within which a press is no drag
const HANDLE = 22; // pixels from the middle of a handle to its edge
const OUT = 14; // pixels from a corner to the middle of its handle, outwards: on a small box, they leave room to move it
const CORNERS = [[0, 1], [2, 1], [0, 3], [2, 3]]; // edges of a box that meet: left, top, right, bottom
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const within = (value, low, high) => Math.min(high, Math.max(low, value));
const area = ([left, top, right, bottom]) => (right - left) * (bottom - top);

// A box moved as a whole; it stays in the picture.
export function moved([left, top, right, bottom], dx, dy) {
  const [x, y] = [within(dx, -left, 1 - right), within(dy, -top, 1 - bottom)];
  return [left + x, top + y, right + x, bottom + y];
}

// A box of which the edges that meet at a corner were moved; it keeps an area.
export function resized(box, [across, down], dx, dy) {
  const next = [...box];
  next[across] = across === 0 ? within(box[0] + dx, 0, box[2] - LEAST) : within(box[2] + dx, box[0] + LEAST, 1);
  next[down] = down === 1 ? within(box[1] + dy, 0, box[3] - LEAST) : within(box[3] + dy, box[1] + LEAST, 1);
  return next;
}

// The box between two places; null where it is too small to be meant.
export function between([x1, y1], [x2, y2]) {
  const box = [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)].map((edge) => within(edge, 0, 1));
  return box[2] - box[0] >= LEAST && box[3] - box[1] >= LEAST ? box : null;
}

const place = ([left, top, right, bottom]) => `left:${100 * left}%;top:${100 * top}%;width:${100 * (right - left)}%;height:${100 * (bottom - top)}%`;

export class BoxStage {
  // Items are { key, box, own, text, label, hue, tagged, faint }; those that are `own` can be changed. `on` has what follows:
  // choose(key), hover(key), draw(box), change(key, box), and what `act` says.
  constructor(root, { src, alt }, on) {
    Object.assign(this, { root, on, items: new Map(), chosen: "", drawing: false, nodes: new Map(), dragged: false });
    root.classList.add("stage");
    root.replaceChildren(element(html`<img src="${src}" alt="${alt}" draggable="false">`));
    root.firstChild.addEventListener("load", ({ target }) => root.style.setProperty("--aspect", target.naturalWidth / target.naturalHeight));
    root.addEventListener("pointerdown", (event) => this.press(event));
    root.addEventListener("click", (event) => this.click(event));
    root.addEventListener("keydown", (event) => this.key(event));
    for (const [name, key] of [["pointerover", true], ["focusin", true], ["pointerleave", false], ["focusout", false]])
      root.addEventListener(name, (event) => this.on.hover((key && event.target.closest("[data-region]")?.dataset.region) || ""));
  }

  show(items, chosen) {
    this.items = new Map(items.map((item) => [item.key, item]));
    this.chosen = chosen;
    for (const [key, node] of this.nodes)
      if (!this.items.has(key)) {
        node.remove();
        this.nodes.delete(key);
      }
    const first = this.items.has(chosen) ? chosen : items[0]?.key;
    const bySize = [...items].sort((a, b) => area(b.box) - area(a.box)); // the smaller one lies above
    bySize.forEach((item, layer) => this.draw(item, layer, item.key === first));
    this.handles();
  }

  draw(item, layer, reachable) {
    let node = this.nodes.get(item.key);
    if (!node) {
      node = element(html`<div role="button" data-region="${item.key}"><span class="tag"></span></div>`);
      this.nodes.set(item.key, node);
      this.root.append(node);
    }
    const chosen = item.key === this.chosen;
    node.className = `box hue-${item.hue} ${item.own ? "own" : "proposed"} ${chosen ? "chosen" : ""} ${item.tagged || chosen ? "tagged" : ""} ${item.faint ? "faint" : ""} ${item.box[1] < 0.07 ? "at-top" : ""} ${item.box[0] > 0.7 ? "at-right" : ""}`;
    node.style.cssText = `${place(item.box)};z-index:${chosen ? 999 : layer + 1}`;
    node.tabIndex = reachable ? 0 : -1;
    node.setAttribute("aria-label", item.label);
    node.setAttribute("aria-pressed", String(chosen));
    node.firstChild.textContent = item.text;
  }

  // Handles of the chosen box, within the picture, of a size for fingers; they stay while it is drawn again.
  handles() {
    const item = this.items.get(this.chosen);
    const there = [...this.root.querySelectorAll(".handle")];
    if (!item?.own) return there.forEach((node) => node.remove());
    const put = (edge, out) => `clamp(${HANDLE}px, calc(${100 * edge}% + ${out}px), calc(100% - ${HANDLE}px))`;
    CORNERS.forEach(([across, down], n) => {
      const node = there[n] ?? this.root.appendChild(element(html`<i class="handle ${(across === 0) === (down === 1) ? "nwse" : "nesw"}" data-corner="${n}"></i>`));
      node.style.cssText = `left:${put(item.box[across], across ? OUT : -OUT)};top:${put(item.box[down], down === 3 ? OUT : -OUT)}`;
    });
  }

  setDrawing(drawing) {
    this.drawing = drawing;
    this.root.classList.toggle("drawing", drawing);
  }

  setHover(key) {
    for (const [name, node] of this.nodes) node.classList.toggle("hover", name === key);
  }

  focus(key) {
    this.nodes.get(key)?.focus({ preventScroll: true });
  }

  at(event) {
    const frame = this.root.getBoundingClientRect();
    return [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height];
  }

  // What a press begins: drawing where nothing is, or on request; moving and resizing what is a person's own.
  press(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    this.dragged = false;
    const corner = event.target.closest(".handle")?.dataset.corner;
    const key = corner === undefined ? event.target.closest("[data-region]")?.dataset.region : this.chosen;
    const item = this.items.get(key);
    const from = this.at(event);
    let change = null;
    if (corner !== undefined) change = (to) => resized(item.box, CORNERS[corner], to[0] - from[0], to[1] - from[1]);
    else if (this.drawing || (!item && event.pointerType === "mouse")) change = (to) => between(from, to);
    else if (item?.own && (key === this.chosen || event.pointerType === "mouse")) change = (to) => moved(item.box, to[0] - from[0], to[1] - from[1]);
    if (!change) return;
    if (this.drawing || corner !== undefined) event.preventDefault();
    this.drag(event, change, corner === undefined && (this.drawing || !item) ? "" : key);
  }

  drag(start, change, key) {
    const node = key ? this.nodes.get(key) : this.root.appendChild(element(html`<div class="box own fresh chosen"></div>`));
    const began = key ? this.items.get(key).box : null;
    let box = null;
    const show = (shape) => Object.assign(node.style, { left: `${100 * shape[0]}%`, top: `${100 * shape[1]}%`, width: `${100 * (shape[2] - shape[0])}%`, height: `${100 * (shape[3] - shape[1])}%` });
    if (!key) node.hidden = true;
    const move = (event) => {
      if (event.pointerId !== start.pointerId) return;
      this.dragged ||= Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) > CLICK;
      if (!this.dragged) return;
      box = change(this.at(event));
      node.hidden = !box;
      if (box) show(box);
      this.root.classList.add("dragging");
    };
    const end = (event) => {
      if (event.type === "keydown" ? event.key !== "Escape" : event.pointerId !== start.pointerId) return;
      for (const [name, listener] of listeners) removeEventListener(name, listener, true);
      this.root.classList.remove("dragging");
      if (!key) node.remove();
      if (event.type !== "pointerup") {
        event.preventDefault();
        event.stopPropagation();
        if (key) show(began);
      } else if (this.dragged && box) key ? this.on.change(key, box) : this.on.draw(box);
    };
    const listeners = [["pointermove", move], ["pointerup", end], ["pointercancel", end], ["keydown", end]];
    for (const [name, listener] of listeners) addEventListener(name, listener, true);
  }

  click(event) {
    if (!this.dragged && !event.target.closest(".handle")) this.on.choose(event.target.closest("[data-region]")?.dataset.region ?? "");
    this.dragged = false;
  }

  key(event) {
    const key = event.target.closest("[data-region]")?.dataset.region;
    if (key && act(event, this.items.get(key), this.on)) event.preventDefault();
  }
}

// A key on a box, on the picture or in a list beside it; gives whether it meant something. `on` has change(key, box),
// step(by), type(event), accept(key), remove(key), choose(key) and leave().
export function act(event, item, on, inList = false) {
  const arrow = ARROWS[event.key];
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
  if (arrow && item.own && !inList) {
    const [dx, dy] = arrow.map((by) => by * STEP);
    on.change(item.key, event.shiftKey ? resized(item.box, [2, 3], dx, dy) : moved(item.box, dx, dy));
  } else if (arrow) on.step(arrow[0] + arrow[1]);
  else if (on.type(event)) return true;
  else if (event.key === "Enter") on.accept(item.key);
  else if (event.key === "Delete" || event.key === "Backspace") on.remove(item.key);
  else if (event.key === " ") on.choose(item.key);
  else if (event.key === "Escape") return on.leave();
  else return false;
  return true;
}

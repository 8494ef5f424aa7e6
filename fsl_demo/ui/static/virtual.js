// A long list of which only what is in view is drawn.
const MARGIN = 500;

export class VirtualList {
  // `draw(item)` gives an element; items are { key, height, sign }, drawn again when `sign` changes.
  constructor(scroller, draw) {
    Object.assign(this, { scroller, draw, items: [], tops: [0], drawn: new Map() });
    this.space = document.createElement("div");
    this.space.className = "virtual";
    scroller.append(this.space);
    scroller.addEventListener("scroll", () => this.schedule(), { passive: true });
    this.observer = new ResizeObserver(() => this.schedule());
    this.observer.observe(scroller);
  }

  show(items) {
    this.items = items;
    this.tops = [0];
    for (const item of items) this.tops.push(this.tops.at(-1) + item.height);
    this.space.style.height = `${this.tops.at(-1)}px`;
    this.update();
  }

  schedule() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.update();
    });
  }

  update() {
    const [from, to] = [this.scroller.scrollTop - MARGIN, this.scroller.scrollTop + this.scroller.clientHeight + MARGIN];
    const wanted = new Map();
    let index = this.firstAfter(from);
    for (; index < this.items.length && this.tops[index] < to; index += 1) wanted.set(this.items[index].key, index);
    const focused = this.space.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    for (const [key, { node }] of this.drawn) {
      if (wanted.has(key)) continue;
      node.remove();
      this.drawn.delete(key);
    }
    for (const [key, place] of wanted) {
      const item = this.items[place];
      let known = this.drawn.get(key);
      if (known?.sign !== item.sign) {
        const node = this.draw(item);
        node.style.position = "absolute";
        node.style.insetInline = "0";
        known ? known.node.replaceWith(node) : this.space.append(node);
        known = { node, sign: item.sign };
        this.drawn.set(key, known);
      }
      known.node.style.top = `${this.tops[place]}px`;
    }
    if (focused && !this.space.contains(document.activeElement))
      this.space.querySelector(`[data-id="${focused}"]`)?.focus({ preventScroll: true });
  }

  firstAfter(offset) {
    let [low, high] = [0, this.items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tops[middle + 1] < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  reveal(index) {
    if (index < 0) return;
    const [top, bottom] = [this.tops[index], this.tops[index + 1]];
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    else if (bottom > this.scroller.scrollTop + this.scroller.clientHeight)
      this.scroller.scrollTop = bottom - this.scroller.clientHeight;
    this.update();
  }
}

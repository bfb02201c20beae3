import { el } from "./dom.js";
import { atEnd, clampTop, extent, inSight, reveal, scaled, scrollFromTop, topFromScroll } from "./scroll.js";

/**
 * A scrolled list that has elements only for the rows in sight. The layer with the
 * rows sticks to the window, and rows are moved within it, so that the list may be
 * taller than an element can be.
 */
export class Virtual {
  /**
   * @param {HTMLElement} scroller what scrolls; `--row` in its style is a row's height
   * @param {object} options
   * @param {() => HTMLElement} options.make makes an empty row
   * @param {(row: HTMLElement, index: number) => void} options.draw fills one
   * @param {(from: number, to: number) => void} [options.seen] told before rows are drawn
   * @param {(byPerson: boolean) => void} [options.moved] told after the position changed
   */
  constructor(scroller, { make, draw, seen, moved }) {
    this.scroller = scroller;
    this.make = make;
    this.draw = draw;
    this.seen = seen;
    this.moved = moved;
    this.geometry = { count: 0, rowHeight: 22, height: 0 };
    this.top = 0;
    this.asked = 0;
    this.frame = 0;
    /** @type {Map<number, HTMLElement>} */
    this.rows = new Map();
    this.layer = el("div", { class: "layer", role: "presentation" });
    this.rest = el("div", { class: "extent", role: "presentation" });
    scroller.append(this.layer, this.rest);
    scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    scroller.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    new ResizeObserver(() => this.measure()).observe(scroller);
  }

  /** Reads sizes again: the window's, and a row's, which follows the text's. */
  measure() {
    const style = getComputedStyle(this.scroller);
    const rowHeight =
      parseFloat(style.getPropertyValue("--row")) * parseFloat(getComputedStyle(document.documentElement).fontSize);
    const head = /** @type {HTMLElement | null} */ (this.layer.previousElementSibling)?.offsetHeight ?? 0;
    const end = this.atEnd();
    this.geometry = {
      ...this.geometry,
      rowHeight: rowHeight || 22,
      height: Math.max(0, this.scroller.clientHeight - head),
    };
    this.place(end && this.stick ? Infinity : this.top);
  }

  /** How many rows there are. @param {number} count */
  setCount(count) {
    if (count === this.geometry.count) return this.refresh();
    this.geometry = { ...this.geometry, count };
    this.place(this.stick ? Infinity : this.top);
  }

  /** Whether the list stays at its end when rows are added. */
  stick = false;

  atEnd() {
    return atEnd(this.top, this.geometry);
  }

  /** Moves so that `index` is in sight. @param {number} index @param {number} [margin] */
  reveal(index, margin = 1) {
    this.place(reveal(this.top, index, this.geometry, margin));
  }

  /** How many whole rows fit. */
  page() {
    return Math.max(1, Math.floor(this.geometry.height / this.geometry.rowHeight) - 1);
  }

  /** Goes to a position. @param {number} top @param {boolean} [byPerson] */
  place(top, byPerson = false) {
    this.top = clampTop(top, this.geometry);
    const height = `${Math.round(extent(this.geometry))}px`;
    if (this.rest.style.height !== height) this.rest.style.height = height;
    const wanted = scrollFromTop(this.top, this.geometry);
    if (Math.abs(this.scroller.scrollTop - wanted) >= 1) {
      this.scroller.scrollTop = wanted;
      this.asked = this.scroller.scrollTop;
    }
    this.moved?.(byPerson);
    this.refresh();
  }

  scrolled() {
    const now = this.scroller.scrollTop;
    if (Math.abs(now - this.asked) < 1) return;
    this.asked = now;
    this.top = topFromScroll(now, this.geometry);
    this.moved?.(true);
    this.refresh();
  }

  /** Where the scrollbar is scaled, the wheel still moves by pixels. @param {WheelEvent} event */
  wheel(event) {
    if (!scaled(this.geometry) || event.ctrlKey || event.shiftKey || !event.deltaY) return;
    event.preventDefault();
    const { rowHeight } = this.geometry;
    const unit = event.deltaMode === 1 ? 3 : event.deltaMode === 2 ? this.page() : 1 / rowHeight;
    this.place(this.top + event.deltaY * unit, true);
  }

  /** Draws again before the next frame. */
  refresh() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.render();
    });
  }

  render() {
    const { from, to } = inSight(this.top, this.geometry);
    this.seen?.(from, to);
    const free = [];
    for (const [index, row] of this.rows) {
      if (index < from || index >= to) {
        free.push(row);
        this.rows.delete(index);
      }
    }
    for (let index = from; index < to; index++) {
      /** @type {any} */
      let row = this.rows.get(index);
      if (!row) {
        row = free.pop() ?? this.layer.appendChild(this.make());
        this.rows.set(index, row);
      }
      row.style.transform = `translateY(${Math.round((index - this.top) * this.geometry.rowHeight)}px)`;
      this.draw(row, index);
    }
    for (const row of free) row.remove();
  }

  /** The index of the row that an event happened in, or -1. @param {Event} event */
  indexOf(event) {
    for (const [index, row] of this.rows) {
      if (row.contains(/** @type {Node} */ (event.target))) return index;
    }
    return -1;
  }
}

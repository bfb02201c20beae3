import { el, setText } from "./dom.js";
import { ascii, hexByte } from "./format.js";
import { model } from "./model.js";
import { bytesPerLine, lineWidth, nodeAt } from "./treemath.js";
import { Virtual } from "./virtual.js";

/** The bytes of a frame in hex and text, in step with its tree. */
export class Bytes {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.node = el("div", {
      class: "bytes mono",
      id: "bytes",
      role: "grid",
      tabindex: "0",
      "aria-label": "Bytes",
      onclick: (/** @type {Event} */ e) => this.choose(byteOf(e)),
      onpointerover: (/** @type {Event} */ e) => this.hover(byteOf(e)),
      onpointerleave: () => {
        model.hovered.value = -1;
      },
      onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e),
    });
    host.append(this.node);
    this.bytes = new Uint8Array();
    this.caret = -1;
    this.line = 16;
    this.virtual = new Virtual(this.node, {
      make: () => el("div", { class: "line", role: "row" }),
      draw: (row, index) => this.draw(row, index),
    });
    this.ruler = el("span", { class: "mono ruler", "aria-hidden": "true", text: "0".repeat(40) });
    host.append(this.ruler);
    new ResizeObserver(() => this.fit()).observe(this.node);
    model.detail.watch((detail, before) => {
      this.bytes = detail?.bytes ?? new Uint8Array();
      if (detail?.row !== before?.row) {
        this.caret = -1;
        this.virtual.place(0);
      }
      this.fit();
    });
    model.node.changes((node) => this.reveal(node));
    model.hovered.changes(() => this.virtual.refresh());
  }

  fit() {
    const character = this.ruler.getBoundingClientRect().width / 40 || 7;
    this.line = bytesPerLine(this.node.clientWidth - character * 2, character);
    this.node.style.setProperty("--least", `${lineWidth(this.line)}ch`);
    this.virtual.setCount(Math.ceil(this.bytes.length / this.line));
    this.node.setAttribute("aria-rowcount", String(Math.ceil(this.bytes.length / this.line)));
  }

  /** @param {number} node */
  reveal(node) {
    const known = model.detail.value?.nodes[node];
    if (known && known.end > known.start) {
      if (this.caret < known.start || this.caret >= known.end) this.caret = known.start;
      this.virtual.reveal(Math.floor(Math.max(known.start, Math.min(this.caret, known.end - 1)) / this.line));
    }
    this.virtual.refresh();
  }

  /** @param {HTMLElement} row @param {number} index */
  draw(row, index) {
    const from = index * this.line;
    if (row.childElementCount !== 3 || row.dataset.line !== String(this.line)) this.shape(row);
    const [offset, digits, text] = row.children;
    const nodes = model.detail.value?.nodes ?? [];
    const chosen = nodes[model.node.value],
      hovered = nodes[model.hovered.value];
    row.setAttribute("aria-rowindex", String(index + 1));
    setText(offset, from.toString(16).padStart(4, "0"));
    for (let i = 0; i < this.line; i++) {
      const byte = from + i;
      const there = byte < this.bytes.length;
      const shade = !there
        ? ""
        : `${within(chosen, byte) ? "in" : ""}${within(hovered, byte) ? " over" : ""}${byte === this.caret ? " caret" : ""}`;
      for (const [parent, write] of /** @type {const} */ ([
        [digits, hexByte],
        [text, ascii],
      ])) {
        const cell = /** @type {HTMLElement} */ (parent.children[i]);
        setText(cell, there ? write(this.bytes[byte]) : "");
        if (cell.className !== shade) cell.className = shade;
        cell.dataset.byte = there ? String(byte) : "-1";
      }
      const cell = digits.children[i];
      if (byte === this.caret) {
        cell.id = "byte-caret";
        this.node.setAttribute("aria-activedescendant", "byte-caret");
      } else if (cell.id) cell.removeAttribute("id");
    }
  }

  /** @param {HTMLElement} row */
  shape(row) {
    row.dataset.line = String(this.line);
    const cells = () => Array.from({ length: this.line }, () => el("span", { role: "gridcell" }));
    const text = el("span", { class: "text", "aria-hidden": "true" }, ...cells());
    row.replaceChildren(
      el("span", { class: "offset", role: "rowheader" }),
      el("span", { class: "digits", role: "presentation" }, ...cells()),
      text,
    );
  }

  /** @param {number} byte */
  choose(byte) {
    if (byte < 0) return;
    this.caret = byte;
    const node = nodeAt(model.detail.value?.nodes ?? [], byte);
    if (node === model.node.value) this.reveal(node);
    else model.node.value = node;
  }

  /** @param {number} byte */
  hover(byte) {
    model.hovered.value = byte < 0 ? -1 : nodeAt(model.detail.value?.nodes ?? [], byte);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const page = this.line * this.virtual.page();
    const by = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -this.line,
      ArrowDown: this.line,
      PageUp: -page,
      PageDown: page,
      Home: -Infinity,
      End: Infinity,
    }[event.key];
    if (by === undefined || !this.bytes.length) return;
    event.preventDefault();
    event.stopPropagation();
    this.choose(Math.min(Math.max(this.caret < 0 ? 0 : this.caret + by, 0), this.bytes.length - 1));
  }
}

/** @param {{ start: number, end: number } | undefined} node @param {number} byte */
function within(node, byte) {
  return node !== undefined && node.start <= byte && byte < node.end;
}

/** The byte that an event happened on; -1 if on none. @param {Event} event */
function byteOf(event) {
  const cell =
    event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest("[data-byte]")) : null;
  return cell ? Number(cell.dataset.byte) : -1;
}

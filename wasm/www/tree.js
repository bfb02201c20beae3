import { el, setText } from "./dom.js";
import { model } from "./model.js";
import { ancestors, childCounts, levels, openNodes } from "./treemath.js";
import { Virtual } from "./virtual.js";

/** The fields of a frame, as a tree with types, values and what they mean. */
export class Tree {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.node = el("div", {
      class: "tree",
      id: "tree",
      role: "tree",
      tabindex: "0",
      "aria-label": "Fields",
      onclick: (/** @type {MouseEvent} */ e) => this.click(e),
      onpointerover: (/** @type {Event} */ e) => this.hover(this.virtual.indexOf(e)),
      onpointerleave: () => {
        model.hovered.value = -1;
      },
      onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e),
    });
    host.append(this.node);
    this.virtual = new Virtual(this.node, { make: () => this.make(), draw: (row, index) => this.draw(row, index) });
    /** @type {import("./treemath.js").TreeNode[]} */
    this.nodes = [];
    this.depth = new Uint16Array();
    this.children = new Uint32Array();
    /** Paths of closed nodes: they stay closed from frame to frame. @type {Set<string>} */
    this.closedPaths = new Set();
    this.closed = new Set();
    /** @type {number[]} */
    this.shown = [];
    model.detail.watch((detail, before) => {
      // Another frame is looked at from its begin; the same one may only be known better.
      if (detail?.row !== before?.row) this.virtual.place(0);
      this.take(detail?.nodes ?? []);
    });
    model.node.changes((node) => this.reveal(node));
    model.hovered.changes(() => this.virtual.refresh());
  }

  /** @param {import("./treemath.js").TreeNode[]} nodes */
  take(nodes) {
    this.nodes = nodes;
    this.depth = levels(nodes);
    this.children = childCounts(nodes);
    this.closed = new Set(nodes.flatMap((node, i) => (this.closedPaths.has(pathOf(node)) ? [i] : [])));
    this.relist();
  }

  relist() {
    this.shown = openNodes(this.nodes, this.closed);
    this.virtual.setCount(this.shown.length);
  }

  /** Opens what a node is in, and brings it into sight. @param {number} node */
  reveal(node) {
    if (node < 0) return this.virtual.refresh();
    for (const outer of ancestors(this.nodes, node).slice(1)) this.setClosed(outer, false);
    this.relist();
    this.virtual.reveal(this.shown.indexOf(node));
  }

  /** @param {number} node @param {boolean} closed */
  setClosed(node, closed) {
    const path = pathOf(this.nodes[node]);
    if (closed) this.closedPaths.add(path);
    else this.closedPaths.delete(path);
    if (closed) this.closed.add(node);
    else this.closed.delete(node);
  }

  make() {
    return el(
      "div",
      { class: "field-row", role: "treeitem" },
      el("span", { class: "indent" }),
      el("span", { class: "twist", "aria-hidden": "true" }),
      el("span", { class: "label" }),
      el("span", { class: "value" }),
      el("span", { class: "meaning" }),
      el("span", { class: "kind" }),
    );
  }

  /** @param {HTMLElement} row @param {number} index */
  draw(row, index) {
    const i = this.shown[index];
    const node = this.nodes[i];
    if (!node) return;
    const parts = /** @type {HTMLElement[]} */ ([...row.children]);
    const [indent, twist, label, value, meaning, kind] = parts;
    const folds = this.children[i] > 0;
    row.id = `field-${i}`;
    indent.style.setProperty("--depth", String(this.depth[i]));
    setText(twist, folds ? (this.closed.has(i) ? "▸" : "▾") : "");
    setText(label, node.label);
    setText(value, node.value);
    setText(meaning, node.meaning ?? "");
    setText(kind, node.kind);
    row.title = [pathOf(node), `${node.end - node.start} bytes from ${node.start}`, node.meaning]
      .filter(Boolean)
      .join("\n");
    row.dataset.kind = node.kind;
    row.classList.toggle("selected", i === model.node.value);
    row.classList.toggle("hovered", i === model.hovered.value);
    row.classList.toggle("wrong", /error|malformed|invalid/.test(node.kind));
    row.setAttribute("aria-level", String(this.depth[i] + 1));
    row.setAttribute("aria-selected", String(i === model.node.value));
    if (folds) row.setAttribute("aria-expanded", String(!this.closed.has(i)));
    else row.removeAttribute("aria-expanded");
    if (i === model.node.value) this.node.setAttribute("aria-activedescendant", row.id);
  }

  /** @param {number} index */
  hover(index) {
    model.hovered.value = index < 0 ? -1 : this.shown[index];
  }

  /** @param {MouseEvent} event */
  click(event) {
    const node = this.shown[this.virtual.indexOf(event)];
    if (node === undefined) return;
    if (event.target instanceof Element && event.target.closest(".twist") && this.children[node])
      this.fold(node, !this.closed.has(node));
    else model.node.value = node;
  }

  /** @param {number} node @param {boolean} closed */
  fold(node, closed) {
    this.setClosed(node, closed);
    this.relist();
    this.virtual.refresh();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = this.shown.indexOf(model.node.value);
    const last = this.shown.length - 1;
    const page = this.virtual.page();
    const to = {
      ArrowDown: at + 1,
      j: at + 1,
      ArrowUp: at - 1,
      k: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: last,
    }[event.key];
    if (to !== undefined) {
      if (last >= 0) model.node.value = this.shown[Math.min(Math.max(to, 0), last)];
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight" || event.key === "Enter") this.across(event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Left closes or goes out, right opens or goes in, Enter turns. @param {string} key */
  across(key) {
    const node = model.node.value;
    if (node < 0) return;
    const folds = this.children[node] > 0;
    const closed = this.closed.has(node);
    if (key === "Enter") return folds && this.fold(node, !closed);
    if (key === "ArrowRight" && folds && closed) this.fold(node, false);
    else if (key === "ArrowRight" && folds) model.node.value = node + 1;
    else if (key === "ArrowLeft" && folds && !closed) this.fold(node, true);
    else if (key === "ArrowLeft") {
      const [, outer] = ancestors(this.nodes, node);
      if (outer !== undefined) model.node.value = outer;
    }
  }
}

/** What identifies a node from frame to frame. @param {import("./treemath.js").TreeNode} node */
export function pathOf(node) {
  return node.path || node.label;
}

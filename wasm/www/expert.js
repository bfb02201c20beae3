import { select } from "./actions.js";
import { button, el, setText } from "./dom.js";
import { count, duration } from "./format.js";
import { pickFile } from "./inputs.js";
import { model } from "./model.js";
import { whileSeen } from "./refresh.js";
import { Virtual } from "./virtual.js";
import { MARKS } from "./words.js";

/** The tab that lists what is to be said: errors, gaps, what was not answered, and the slowest answers. */
export class Expert {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.kinds = el("div", { class: "kinds", role: "group", "aria-label": "Kinds" });
    this.list = el("div", {
      class: "said-list",
      role: "listbox",
      tabindex: "0",
      "aria-label": "What is to be said",
      onclick: (/** @type {Event} */ e) => this.choose(this.virtual.indexOf(e)),
      onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e),
    });
    this.whole = el("p", { class: "said-whole", hidden: true });
    this.none = el("p", { class: "none", text: "Nothing is to be said of these frames." });
    host.append(this.kinds, el("div", { class: "said-side" }, this.list, this.none, this.whole));
    this.virtual = new Virtual(this.list, {
      make: () =>
        el(
          "div",
          { class: "said-row", role: "option" },
          el("span", { class: "mark", "aria-hidden": "true" }),
          el("span", { class: "where" }),
          el("span", { class: "kind" }),
          el("span", { class: "what" }),
        ),
      draw: (row, index) => this.draw(row, index),
    });
    /** @type {any[]} */
    this.items = [];
    this.answer = { kinds: [], items: [], problems: [] };
    /** @type {any[]} */
    this.slowest = [];
    this.kind = "";
    this.at = -1;
    whileSeen("expert", () => this.ask());
  }

  async ask() {
    this.answer = await model.engine.call("experts", {});
    this.slowest = (await model.engine.call("slowest", { count: 100 })).rows;
    const severities = new Map(this.answer.kinds.map((/** @type {any} */ k) => [k.kind, k.severity]));
    this.severityOf = (/** @type {string} */ kind) => severities.get(kind) ?? "warning";
    if (!this.kind && !this.answer.kinds.length && !this.answer.problems.length && this.slowest.length)
      this.kind = "slowest";
    this.show();
  }

  show() {
    const all =
      this.answer.kinds.reduce((/** @type {number} */ sum, /** @type {any} */ k) => sum + k.count, 0) +
      this.answer.problems.length;
    const kinds = [
      { kind: "", text: "everything", count: all, severity: "" },
      ...this.answer.kinds.map((/** @type {any} */ k) => ({ ...k, text: k.kind })),
      this.answer.problems.length && {
        kind: "problems",
        text: "input",
        count: this.answer.problems.length,
        severity: "error",
      },
      this.slowest.length && { kind: "slowest", text: "slowest answers", count: this.slowest.length, severity: "" },
    ].filter(Boolean);
    // What another input had, this one may not have.
    if (!kinds.some(({ kind }) => kind === this.kind)) this.kind = "";
    this.kinds.replaceChildren(
      ...kinds
        .map(({ kind, text, count: n, severity }) =>
          button({ class: "kind-button", text: "", "aria-pressed": String(kind === this.kind) }, () => {
            this.kind = kind;
            this.at = -1;
            this.show();
          }),
        )
        .map((node, i) => {
          node.append(
            el("span", {
              class: `mark ${kinds[i].severity}`,
              "aria-hidden": "true",
              text: MARKS[kinds[i].severity] ?? "",
            }),
            el("span", { text: kinds[i].text }),
            el("span", { class: "number", text: count(kinds[i].count) }),
          );
          return node;
        }),
    );
    if (this.answer.problems.some((/** @type {any} */ { message }) => message.includes("key log")))
      this.kinds.append(
        el("p", { class: "quiet-text", text: "Drop or paste the key log here, or " }),
        button({ icon: "open", class: "small", text: "Choose a key log …", title: "Choose a key log" }, pickFile),
      );
    this.items = this.chosen();
    this.whole.hidden = !this.items[this.at];
    this.none.hidden = this.items.length > 0;
    this.list.hidden = !this.items.length;
    this.virtual.setCount(this.items.length);
  }

  chosen() {
    const problems = this.answer.problems.map((/** @type {any} */ p) => ({
      row: null,
      kind: "input",
      text: `${p.message} (at byte ${count(p.offset)})`,
      severity: "error",
    }));
    if (this.kind === "problems") return problems;
    if (this.kind === "slowest")
      return this.slowest.map((/** @type {any} */ s) => ({
        row: s.row,
        kind: duration(s.latency),
        text: s.text ?? "after the frame it answers",
        severity: "",
      }));
    const items = this.answer.items.map((/** @type {any} */ item) => ({
      severity: this.severityOf?.(item.kind),
      ...item,
    }));
    return this.kind ? items.filter((/** @type {any} */ item) => item.kind === this.kind) : [...problems, ...items];
  }

  /** @param {HTMLElement} row @param {number} index */
  draw(row, index) {
    const item = this.items[index];
    const [sign, where, kind, what] = row.children;
    row.id = `said-${index}`;
    sign.className = `mark ${item.severity}`;
    setText(sign, MARKS[item.severity] ?? "");
    setText(where, item.row === null ? "" : count(item.row + 1));
    setText(kind, item.kind);
    setText(what, item.text);
    row.title = item.text;
    row.classList.toggle("selected", index === this.at);
    row.setAttribute("aria-selected", String(index === this.at));
    if (index === this.at) this.list.setAttribute("aria-activedescendant", row.id);
  }

  /** @param {number} index */
  choose(index) {
    if (index < 0 || index >= this.items.length) return;
    this.at = index;
    this.whole.hidden = false;
    setText(this.whole, this.items[index].text);
    this.virtual.reveal(index);
    if (this.items[index].row !== null) select(this.items[index].row);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const to = {
      ArrowDown: this.at + 1,
      j: this.at + 1,
      ArrowUp: this.at - 1,
      k: this.at - 1,
      Home: 0,
      End: this.items.length - 1,
    }[event.key];
    if (event.key === "Enter" && this.items[this.at]?.row !== null) model.tab.value = "detail";
    else if (to === undefined) return;
    else this.choose(Math.min(Math.max(to, 0), this.items.length - 1));
    event.preventDefault();
    event.stopPropagation();
  }
}

/** A short account for the tab's badge. @param {any} answer */
export function saidInAll(answer) {
  return (
    answer.kinds.reduce((/** @type {number} */ sum, /** @type {any} */ k) => sum + k.count, 0) + answer.problems.length
  );
}

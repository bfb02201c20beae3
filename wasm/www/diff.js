import { select } from "./actions.js";
import { button, el } from "./dom.js";
import { count, counted } from "./format.js";
import { model } from "./model.js";
import { banner } from "./say.js";

/** What a change is called, and its sign. */
const CHANGES = /** @type {Record<string, [string, string]>} */ ({
  changed: ["≠", "differs"],
  added: ["+", "only in B"],
  removed: ["−", "only in A"],
  encoding: ["≈", "same value, other bytes"],
});

/** The tab that compares two frames, field by field. */
export class Diff {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    model.marks.watch(() => this.show());
  }

  async show() {
    const { a, b } = model.marks.value;
    const name = (/** @type {"a" | "b"} */ which) => {
      const row = model.marks.value[which];
      return row === null
        ? el(
            "span",
            { class: "quiet-text" },
            `${which.toUpperCase()}: select a frame and press `,
            el("kbd", { text: which }),
          )
        : button({ class: "small", text: `${which.toUpperCase()}: frame ${count(row + 1)}`, title: "Go there" }, () =>
            select(row),
          );
    };
    const head = el(
      "div",
      { class: "panel-head" },
      name("a"),
      name("b"),
      button({ icon: "swap", class: "small", text: "Swap" }, () => {
        model.marks.value = { a: b, b: a };
      }),
      button({ icon: "close", class: "small", text: "Clear" }, () => {
        model.marks.value = { a: null, b: null };
      }),
    );
    this.host.replaceChildren(head);
    if (a === null || b === null) return;
    try {
      const { items, more } = await model.engine.call("diff", { a, b });
      if (model.marks.value.a !== a || model.marks.value.b !== b) return;
      head.append(
        el("span", {
          class: "quiet-text",
          text: items.length
            ? `${counted(items.length, "difference")}${more ? ", and more" : ""}`
            : "The two are equal.",
        }),
      );
      if (items.length) this.host.append(table(items));
    } catch (error) {
      banner(/** @type {Error} */ (error).message);
    }
  }
}

/** @param {any[]} items */
function table(items) {
  return el(
    "table",
    { class: "table diff-table" },
    el("thead", {}, el("tr", {}, ...["Is", "Field", "A", "B"].map((text) => el("th", { scope: "col", text })))),
    el(
      "tbody",
      {},
      ...items
        .slice(0, 2000)
        .map(({ path, change, before, after }) =>
          el(
            "tr",
            { class: change },
            el("td", { class: "mark", title: CHANGES[change]?.[1], text: CHANGES[change]?.[0] ?? change }),
            el("th", { scope: "row" }, el("code", { text: path })),
            el("td", {}, el("code", { class: "before", text: before ?? "" })),
            el("td", {}, el("code", { class: "after", text: after ?? "" })),
          ),
        ),
    ),
  );
}

import { setFilter } from "./actions.js";
import { button, el, icon, setText } from "./dom.js";
import { count } from "./format.js";
import { model } from "./model.js";
import { settled } from "./signal.js";

/** The filter: text with completion, its mistakes marked where they are. */
export class FilterBar {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.input = el("input", {
      type: "text",
      id: "filter-text",
      role: "combobox",
      "aria-label": "Filter",
      "aria-expanded": "false",
      "aria-controls": "completions",
      "aria-autocomplete": "list",
      "aria-describedby": "filter-error",
      spellcheck: "false",
      autocomplete: "off",
      autocapitalize: "off",
      placeholder: 'Filter, e.g. latency > 2 s or payload[0].orders[0].path == "W693"',
      oninput: () => this.typed(),
      onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e),
      onscroll: () => this.mark(),
      onblur: () => setTimeout(() => this.offer([]), 120),
    });
    this.under = el("div", { class: "under", "aria-hidden": "true" });
    this.list = el("ul", {
      id: "completions",
      role: "listbox",
      class: "completions",
      "aria-label": "Completions",
      hidden: true,
    });
    this.error = el("div", { id: "filter-error", class: "filter-error", role: "alert", hidden: true });
    this.shown = el("span", { class: "shown", id: "shown" });
    this.clear = button(
      { icon: "close", title: "Take the filter away (Escape twice)", class: "clear", hidden: true },
      () => this.set(""),
    );
    host.append(
      icon("search"),
      el("div", { class: "filter-field" }, this.under, this.input, this.clear, this.list, this.error),
      this.shown,
    );
    /** @type {{ start: number, end: number, items: { text: string, help?: string }[], at: number }} */
    this.offered = { start: 0, end: 0, items: [], at: -1 };
    this.apply = settled(() => this.use(), 220);
    this.complain = settled(() => this.fail(model.filterError.value), 600);
    this.ask = settled(() => this.complete(), 60);
    model.filter.watch((text) => {
      if (document.activeElement !== this.input || !this.input.value) this.input.value = text;
      this.mark();
    });
    model.filterError.watch((error) => {
      if (!error || document.activeElement !== this.input) this.fail(error);
      else this.complain();
    });
    model.source.watch(({ rows, viewRows, filtering }) => {
      setText(
        this.shown,
        model.filter.value ? `${count(viewRows)} of ${count(rows)}${filtering ? " …" : ""}` : `${count(rows)} shown`,
      );
    });
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  /** @param {string} text */
  set(text) {
    this.input.value = text;
    this.offer([]);
    return this.use();
  }

  async use() {
    this.clear.hidden = !this.input.value;
    if (this.input.value !== model.filter.value || model.filterError.value) await setFilter(this.input.value);
    this.mark();
  }

  typed() {
    this.clear.hidden = !this.input.value;
    if (model.filterError.value) model.filterError.value = null;
    this.apply();
    this.ask();
    this.mark();
  }

  async complete() {
    const text = this.input.value;
    const cursor = this.input.selectionStart ?? text.length;
    const answer = await model.engine.call("complete", { text, cursor }).catch(() => null);
    if (!answer || this.input.value !== text || document.activeElement !== this.input) return;
    const whole = answer.items.length === 1 && answer.items[0].text === text.slice(answer.start, answer.end);
    this.offered = { ...this.offered, start: answer.start, end: answer.end };
    // Behind a word that is whole, "and" and "or" are offered once a space asks for them.
    const joins =
      text[answer.start - 1] !== " " &&
      answer.items.every((/** @type {any} */ item) => /^(&&|\|\|)/.test(item.text.trim()));
    this.offer(whole || joins ? [] : answer.items.slice(0, 40));
  }

  /** @param {{ text: string, help?: string }[]} items */
  offer(items) {
    this.offered.items = items;
    this.offered.at = -1;
    this.list.hidden = !items.length;
    this.input.setAttribute("aria-expanded", String(items.length > 0));
    this.list.replaceChildren(
      ...items.map(({ text, help }, i) =>
        el(
          "li",
          {
            id: `completion-${i}`,
            role: "option",
            "aria-selected": "false",
            onpointerdown: (/** @type {Event} */ e) => {
              e.preventDefault();
              this.take(i);
            },
          },
          el("code", { text }),
          help && el("small", { text: help }),
        ),
      ),
    );
    this.point(-1);
    const before = document.createElement("canvas").getContext("2d");
    if (items.length && before) {
      const style = getComputedStyle(this.input);
      before.font = `${style.fontSize} ${style.fontFamily}`;
      const x = before.measureText(this.input.value.slice(0, this.offered.start)).width - this.input.scrollLeft;
      this.list.style.left = `${Math.max(0, Math.min(x, this.input.clientWidth - this.list.offsetWidth))}px`;
    }
  }

  /** @param {number} at */
  point(at) {
    this.offered.at = at;
    [...this.list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    if (at < 0) this.input.removeAttribute("aria-activedescendant");
    else {
      this.input.setAttribute("aria-activedescendant", `completion-${at}`);
      this.list.children[at].scrollIntoView({ block: "nearest" });
    }
  }

  /** Puts a completion in. @param {number} i */
  take(i) {
    const { start, end, items } = this.offered;
    const text = items[i].text;
    this.input.setRangeText(text, start, end, "end");
    this.offer([]);
    this.typed();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { items, at } = this.offered;
    const { key } = event;
    if (key === "ArrowDown" && !items.length) this.ask();
    else if (key === "ArrowDown") this.point((at + 1) % items.length);
    else if (key === "ArrowUp" && items.length) this.point((at <= 0 ? items.length : at) - 1);
    else if (key === "Tab" && items.length && !event.shiftKey) this.take(Math.max(0, at));
    else if (key === "Enter" && at >= 0) this.take(at);
    else if (key === "Enter") {
      this.offer([]);
      this.use().then(() => {
        // What is wrong is said at once; what is right leads on to the frames.
        if (model.filterError.value) this.fail(model.filterError.value);
        else document.getElementById("grid")?.focus();
      });
    } else if (key === "Escape" && items.length) this.offer([]);
    else if (key === "Escape" && this.input.value && model.filterError.value) this.set(model.filter.value);
    else if (key === "Escape") document.getElementById("grid")?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {{ message: string, start?: number, end?: number } | null} error */
  fail(error) {
    this.error.hidden = !error;
    setText(this.error, error?.message ?? "");
    this.input.setAttribute("aria-invalid", String(Boolean(error)));
    this.mark();
  }

  /** Draws the wave under what is wrong, in step with the text. */
  mark() {
    const error = this.error.hidden ? null : model.filterError.value;
    const text = this.input.value;
    this.clear.hidden = !text;
    if (!error || error.start === undefined) return this.under.replaceChildren();
    const start = Math.min(error.start, text.length);
    const end = Math.max(start, error.end ?? start);
    const wrong = text.slice(start, end) || " ";
    this.under.replaceChildren(text.slice(0, start), el("mark", { text: wrong }), text.slice(end));
    this.under.scrollLeft = this.input.scrollLeft;
  }
}

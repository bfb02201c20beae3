import { COLUMNS, fitWidth, leastWidth, printColumns, readColumns, tracks } from "./columns.js";
import { el } from "./dom.js";
import { model } from "./model.js";

/** The header of the list: titles, widths, and what the time counts from. */

const NEXT_TIME = { absolute: "relative", relative: "delta", delta: "absolute" };
const TIME_TITLE = { absolute: "Time (UTC)", relative: "Since start", delta: "Since last" };

let columns = readColumns("");

/** The columns as CSS tracks. */
export function columnsOf() {
  return tracks(columns);
}

/** The width that they need at least. */
columnsOf.least = () => `${leastWidth(columns)}rem`;

/** The columns that are shown. */
columnsOf.list = () => columns.filter(({ shown }) => shown);

/** What distinguishes one choice of columns from another. */
columnsOf.key = () => columns.map(({ shown }) => (shown ? "1" : "0")).join("");

/** Shows the next way of writing times. */
export function turnTime() {
  model.time.value = /** @type {any} */ (NEXT_TIME[model.time.value]);
}

/** Shows or hides a column. @param {string} id */
export function toggleColumn(id) {
  change(columns.map((c) => (c.column.id === id ? { ...c, shown: !c.shown } : c)));
}

/** Which columns there are to choose from. */
export function columnChoices() {
  return COLUMNS.filter(({ id }) => id !== "summary").map((column) => ({
    id: column.id,
    title: column.title === "#" ? "Number" : column.title,
    on: Boolean(columns.find((c) => c.column.id === column.id)?.shown),
  }));
}

/** @param {typeof columns} next */
function change(next) {
  columns = next;
  model.columns.value = printColumns(columns);
}

/** @param {string} id @param {number} width */
function resize(id, width) {
  change(columns.map((c) => (c.column.id === id ? { ...c, width: fitWidth(width) } : c)));
}

/** The header row; it draws itself again when columns change. */
export function header() {
  const row = el("div", { class: "row head", role: "row", "aria-rowindex": "1" });
  model.columns.watch((text) => {
    if (text !== printColumns(columns)) columns = readColumns(text);
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.resizes;
    row.replaceChildren(...columnsOf.list().map((shown, i) => title(shown, i)));
    if (focused) /** @type {HTMLElement | null} */ (row.querySelector(`[data-resizes="${focused}"]`))?.focus();
  });
  model.time.watch((mode) => {
    const time = row.querySelector(".c-time button");
    if (time) time.textContent = TIME_TITLE[mode];
  });
  return row;
}

/** @param {import("./columns.js").Shown} shown @param {number} i */
function title({ column, width }, i) {
  const { id, help } = column;
  const name =
    id === "time"
      ? el("button", {
          type: "button",
          class: "plain",
          title: "Absolute, since the start, since the row before (t)",
          onclick: turnTime,
          text: TIME_TITLE[model.time.value],
        })
      : el("span", { text: column.title });
  return el(
    "div",
    { role: "columnheader", "aria-colindex": i + 1, class: `cell c-${id}${column.end ? " end" : ""}`, title: help },
    name,
    width &&
      el("span", {
        class: "resize",
        role: "separator",
        tabindex: "0",
        "aria-orientation": "vertical",
        "data-resizes": id,
        "aria-label": `Width of ${column.title}`,
        "aria-valuenow": width,
        "aria-valuemin": "2",
        "aria-valuemax": "40",
        onpointerdown: (/** @type {PointerEvent} */ e) => drag(e, id, width),
        onkeydown: (/** @type {KeyboardEvent} */ e) => nudge(e, id, width),
        ondblclick: () => resize(id, column.width),
      }),
  );
}

/** @param {PointerEvent} event @param {string} id @param {number} width */
function drag(event, id, width) {
  event.preventDefault();
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const begin = event.clientX;
  const move = (/** @type {PointerEvent} */ e) => resize(id, width + (e.clientX - begin) / rem);
  const end = () => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", end);
    removeEventListener("pointercancel", end);
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", end);
  addEventListener("pointercancel", end);
}

/** @param {KeyboardEvent} event @param {string} id @param {number} width */
function nudge(event, id, width) {
  const by = { ArrowLeft: -0.5, ArrowRight: 0.5 }[event.key];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  resize(id, width + by);
}

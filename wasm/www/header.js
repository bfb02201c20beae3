import { COLUMNS, fitWidth, leastWidth, printColumns, readColumns, spared, tracks, without } from "./columns.js";
import { el } from "./dom.js";
import { model } from "./model.js";

/** The header of the list: titles, widths, and what the time counts from. */

const NEXT_TIME = { absolute: "relative", relative: "delta", delta: "absolute" };
const TIME_TITLE = { absolute: "Time (UTC)", relative: "Since start", delta: "Since last" };

let columns = readColumns("");

/** The column whose width the Tab key leads to: one stop for them all. */
let resized = "row";

/** Those in sight. */
let visible = columns;

/** The columns as CSS tracks. */
export function columnsOf() {
  return tracks(visible);
}

/** The width that they need at least. */
columnsOf.least = () => `${leastWidth(visible)}rem`;

/** The columns that are shown. */
columnsOf.list = () => visible;

/** What distinguishes one choice of columns from another. */
columnsOf.key = () => visible.map(({ column }) => column.id).join();

/** Fits columns that nobody has chosen into a list so wide. @param {number} room rem */
columnsOf.fit = (room) => {
  model.given.value = spared(columns, room);
};

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
  const draw = () => {
    const text = model.columns.value;
    if (text !== printColumns(columns)) columns = readColumns(text);
    visible = without(columns, text ? 0 : model.given.value).filter(({ shown }) => shown);
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.resizes;
    row.replaceChildren(...columnsOf.list().map((shown, i) => title(shown, i)));
    if (focused) /** @type {HTMLElement | null} */ (row.querySelector(`[data-resizes="${focused}"]`))?.focus();
  };
  model.columns.watch(draw);
  model.given.changes(draw);
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
        tabindex: id === resized ? "0" : "-1",
        "aria-orientation": "vertical",
        "data-resizes": id,
        "aria-label": `Width of ${column.title}: left, right; up, down for another column`,
        onfocus: (/** @type {Event} */ e) => reached(/** @type {HTMLElement} */ (e.currentTarget), id),
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

/** @param {HTMLElement} handle @param {string} id */
function reached(handle, id) {
  resized = id;
  for (const other of handles(handle)) other.tabIndex = other === handle ? 0 : -1;
}

/** All of them. @param {HTMLElement} handle @returns {HTMLElement[]} */
function handles(handle) {
  return [...(handle.closest(".head")?.querySelectorAll(".resize") ?? [])].map((it) => /** @type {any} */ (it));
}

/** @param {KeyboardEvent} event @param {string} id @param {number} width */
function nudge(event, id, width) {
  const by = { ArrowLeft: -0.5, ArrowRight: 0.5 }[event.key];
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!by && !step) return;
  event.preventDefault();
  event.stopPropagation();
  if (by) return resize(id, width + by);
  const handle = /** @type {HTMLElement} */ (event.currentTarget);
  const all = handles(handle);
  all[(all.indexOf(handle) + Number(step) + all.length) % all.length].focus();
}

/**
 * The list's columns: which are shown, and how wide, in rem. The last one takes
 * the room that is left. Pure functions.
 */

/**
 * @typedef {object} Column
 * @property {string} id
 * @property {string} title
 * @property {string} help
 * @property {number} width in rem; 0 takes what is left
 * @property {boolean} [end] aligned at the end, as numbers are
 */

/** @type {Column[]} */
export const COLUMNS = [
  { id: "row", title: "#", help: "Number of the frame", width: 5, end: true },
  { id: "time", title: "Time", help: "When its last byte was seen", width: 7.75 },
  { id: "connection", title: "Conn", help: "Connection", width: 3.25, end: true },
  { id: "direction", title: "Way", help: "→ to the server, ← to the device", width: 2.75 },
  { id: "type", title: "Type", help: "Frame or packet type", width: 9.75 },
  { id: "id", title: "Id", help: "Transaction or packet id", width: 3.75, end: true },
  { id: "length", title: "Length", help: "Bytes of the whole frame", width: 4.25, end: true },
  { id: "latency", title: "Latency", help: "From a request to its answer", width: 5.25, end: true },
  { id: "notes", title: "Notes", help: "What is to be said of it", width: 7 },
  { id: "summary", title: "Summary", help: "What is in it", width: 0 },
];

/** Those that give way where the window is narrow, the first of them first. */
const SPARE = ["length", "connection", "row", "id", "notes"];

/** Widths that can be had, rem. */
export const NARROWEST = 2;
export const WIDEST = 40;

/** @typedef {{ column: Column, width: number, shown: boolean }} Shown */

/** The columns as they are at first. @returns {Shown[]} */
export function defaultColumns() {
  return COLUMNS.map((column) => ({ column, width: column.width, shown: true }));
}

/** A width that can be had. @param {number} width */
export function fitWidth(width) {
  return Math.round(Math.min(WIDEST, Math.max(NARROWEST, width)) * 100) / 100;
}

/**
 * Reads what `printColumns` wrote: `-notes,time:9.5`; what is not known is passed over.
 * @param {string} text
 */
export function readColumns(text) {
  const columns = defaultColumns();
  for (const part of text.split(",")) {
    const [, hidden, id, width] = /^(-?)([a-z]+)(?::(\d+(?:\.\d+)?))?$/.exec(part) ?? [];
    const shown = columns.find(({ column }) => column.id === id);
    if (!shown) continue;
    if (hidden && id !== "summary") shown.shown = false;
    if (width && shown.column.width) shown.width = fitWidth(Number(width));
  }
  return columns;
}

/** Writes what differs from the default. @param {Shown[]} columns */
export function printColumns(columns) {
  return columns
    .filter(({ column, width, shown }) => !shown || width !== column.width)
    .map(({ column, width, shown }) => `${shown ? "" : "-"}${column.id}${width !== column.width ? `:${width}` : ""}`)
    .join(",");
}

/** The columns as CSS grid tracks. @param {Shown[]} columns */
export function tracks(columns) {
  return columns
    .filter(({ shown }) => shown)
    .map(({ width }) => (width ? `${width}rem` : "minmax(12rem, 1fr)"))
    .join(" ");
}

/** The width that the list needs at least, rem. @param {Shown[]} columns */
export function leastWidth(columns) {
  return columns.reduce((sum, { shown, width }) => sum + (shown ? width || 12 : 0), 0);
}

/**
 * How many columns have to give way so that the others fit.
 * @param {Shown[]} columns
 * @param {number} room rem
 */
export function spared(columns, room) {
  let given = 0;
  while (given < SPARE.length && leastWidth(without(columns, given)) > room) given += 1;
  return given;
}

/** The columns but for so many that give way. @param {Shown[]} columns @param {number} given */
export function without(columns, given) {
  const gone = SPARE.slice(0, given);
  return columns.filter(({ column }) => !gone.includes(column.id));
}

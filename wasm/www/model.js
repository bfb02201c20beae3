import { Signal } from "./signal.js";

/**
 * What the page knows, each part a signal; who shows it watches it, who changes it
 * is in actions.js.
 */

/**
 * @typedef {object} SourceState what the worker tells about what is open
 * @property {string} name
 * @property {string | null} kind
 * @property {number} rows all frames
 * @property {number} viewRows frames that the filter lets through
 * @property {number} bytes read so far
 * @property {number} total bytes of the source; 0 if nobody knows
 * @property {boolean} done
 * @property {string | null} error why reading stopped early
 * @property {number} dropped records that the live server left out
 * @property {"off" | "connecting" | "on" | "lost" | "ended"} live "ended": the server is another now
 * @property {boolean} send whether edited frames can be sent
 * @property {number} generation changes when the view's rows do
 * @property {boolean} filtering
 * @property {string} hint what a filter that lets nothing pass may have meant
 * @property {number} problems
 * @property {number} examined rows whose payload has been looked at
 * @property {number} first time of the first frame, microseconds
 * @property {number} last
 */

/** @type {SourceState} */
export const NOTHING = {
  name: "",
  kind: null,
  rows: 0,
  viewRows: 0,
  bytes: 0,
  total: 0,
  done: true,
  error: null,
  dropped: 0,
  live: "off",
  send: false,
  generation: 0,
  filtering: false,
  hint: "",
  problems: 0,
  examined: 0,
  first: NaN,
  last: NaN,
};

export const model = {
  /** @type {any} the worker's other end */
  engine: null,
  /** The connections by number: who the device is, and why the protocol is believed. @type {Signal<Map<number, any>>} */
  connections: new Signal(new Map()),
  /** The server's token, if the page came from one. @type {string | null} */
  token: null,
  /** Whether the server has something live to show. */
  served: new Signal(false),
  source: new Signal(NOTHING),
  /** Whether something has been opened at all. */
  opened: new Signal(false),
  /** The generation that the last input took the place of, until it has been read. @type {number | null} */
  openedAt: null,
  /** What was opened last, to read it again another way. @type {any} */
  input: null,
  /** The filter that is in force. */
  filter: new Signal(""),
  /** Why what stands in the filter bar is not in force. @type {Signal<{message: string, start?: number, end?: number} | null>} */
  filterError: new Signal(/** @type {any} */ (null)),
  /** The selected row of the table. @type {Signal<number | null>} */
  row: new Signal(/** @type {number | null} */ (null)),
  /** Its place in the view; -1 if the filter hides it. */
  position: new Signal(-1),
  /** What is in the selected row. @type {Signal<any>} */
  detail: new Signal(null),
  /** The selected node of its tree; -1 for none. */
  node: new Signal(-1),
  /** The node under the pointer; -1 for none. */
  hovered: new Signal(-1),
  /** The field that the plot shows. @type {Signal<{ mode: "field" | "array", path: string } | null>} */
  plotted: new Signal(/** @type {any} */ (null)),
  tab: new Signal("detail"),
  time: new Signal(/** @type {"absolute" | "relative" | "delta"} */ ("absolute")),
  theme: new Signal(/** @type {"" | "dark" | "light"} */ ("")),
  side: new Signal(/** @type {"bottom" | "right"} */ ("bottom")),
  columns: new Signal(""),
  /** How many columns give way to the others, where the list is narrow and nobody has chosen. */
  given: new Signal(0),
  /** Whether the list stays at its end as frames come. */
  follow: new Signal(false),
  paused: new Signal(false),
  /** The two frames to compare. @type {Signal<{a: number | null, b: number | null}>} */
  marks: new Signal(/** @type {{ a: number | null, b: number | null }} */ ({ a: null, b: null })),
};

import { NO_ROW, count } from "./format.js";
import { NOTHING, model } from "./model.js";
import { banner, say, toast } from "./say.js";
import { narrowed } from "./timeterm.js";

/** What a person can do, whatever button, key or link it was done with. */

/** How a failure is told, with its place in the input where it has one. @param {any} error */
export function reason(error) {
  const at = Number.isFinite(error?.offset) ? ` (at byte ${error.offset})` : "";
  return `${error?.message ?? error}${at}`;
}

/** Calls the worker; a failure is shown in the banner, and null comes back. @param {string} op @param {object} [args] */
export async function tryCall(op, args = {}) {
  try {
    return await model.engine.call(op, args);
  } catch (error) {
    banner(reason(error));
    return null;
  }
}

/**
 * Opens something in place of what is open.
 * @param {{ blob?: Blob, text?: string, bytes?: Uint8Array, url?: string, sample?: boolean, live?: string,
 *   name: string, kind?: string, protocol?: string, keyLog?: string }} input
 */
export async function openInput(input) {
  banner(null);
  forgetRows();
  model.input = input;
  model.openedAt = model.source.value.generation;
  model.opened.value = true;
  model.paused.value = false;
  model.follow.value = Boolean(input.live);
  const { sample, live, ...rest } = input;
  say(`Opening ${input.name}`);
  try {
    if (sample) await model.engine.call("sample", {});
    else if (live) await model.engine.call("live", { url: live, name: input.name });
    else await model.engine.call("open", rest);
  } catch (error) {
    banner(reason(error), `${input.name}: `);
  }
}

/** Shows what the server streams. */
export function openLive() {
  const url = new URL("live", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.hash = "";
  url.search = new URLSearchParams({ token: model.token ?? "" }).toString();
  return openInput({ live: url.href, name: "live" });
}

/** Closes what is open. */
export async function closeInput() {
  await tryCall("close");
  unselect();
  model.opened.value = false;
  model.source.value = NOTHING;
}

/** Rows have other numbers now: those that are remembered would name other frames. */
export function forgetRows() {
  unselect();
  model.marks.value = { a: null, b: null };
}

function unselect() {
  model.row.value = null;
  model.position.value = -1;
  model.detail.value = null;
  model.node.value = -1;
}

/**
 * Puts a filter in force, or says why it cannot be.
 * @param {string} text
 * @returns {Promise<boolean>}
 */
export async function setFilter(text) {
  try {
    await model.engine.call("filter", { text });
  } catch (error) {
    model.filterError.value = /** @type {any} */ (error);
    return false;
  }
  model.filterError.value = null;
  model.filter.value = text;
  await relocate();
  return true;
}

/** Adds a condition to the filter. @param {string} term */
export function narrow(term) {
  return setFilter(narrowed(model.filter.value.trim(), term));
}

/** Finds the selected row's place in the view again. */
export async function relocate() {
  const row = model.row.value;
  if (row === null) return;
  const found = await model.engine.call("locate", { row }).catch(() => null);
  if (model.row.value === row) model.position.value = found?.position ?? -1;
}

/**
 * Selects a row of the table.
 * @param {number | null} row
 * @param {number} [position] its place in the view, where it is known
 */
export async function select(row, position) {
  if (row === null) return unselect();
  if (row !== model.row.value) {
    model.node.value = -1;
    model.hovered.value = -1;
  }
  model.row.value = row;
  if (position === undefined) {
    await relocate();
    if (model.position.value < 0)
      toast(`Frame ${count(row + 1)} is hidden by the filter; Escape in the list takes the filter away`);
  } else model.position.value = position;
  await refreshDetail();
}

let asking = false;

/** Asks for what is in the selected row; while an answer is on its way, only the last wish counts. */
export async function refreshDetail() {
  if (asking) return;
  asking = true;
  try {
    for (;;) {
      const row = model.row.value;
      const detail = row === null ? null : await model.engine.call("detail", { row });
      if (model.row.value !== row) continue;
      if (detail) Object.assign(detail, { row, nodes: detail.nodes ?? [] });
      model.detail.value = detail;
      return;
    }
  } catch (error) {
    model.detail.value = null;
    banner(reason(error));
  } finally {
    asking = false;
  }
}

/** Selects the other half of the selected row: its answer, or what it answers. */
export function jumpToPair() {
  const pair = model.detail.value?.pair;
  if (pair === undefined || pair === NO_ROW) return toast("This frame has no other half");
  return select(pair);
}

/** Shows only the selected row's transaction or connection. @param {"transaction" | "connection"} what @param {number | null} [row] */
export async function followRow(what, row = model.row.value) {
  if (row === null) return toast("Select a frame first");
  const answer = await tryCall("follow", { row, what });
  if (answer) await setFilter(answer.text);
}

/** Selects the next or the previous row in the view of which something is to be said. @param {boolean} forward */
export async function jumpToExpert(forward) {
  // -1: from the begin, or backward from the end.
  let from = model.row.value ?? -1;
  // What the filter hides is passed over, within reason.
  for (let tries = 0; tries < 2000; tries++) {
    const found = await tryCall("find", { expert: true, from, forward });
    if (!found) break;
    if (found.position !== null) return select(found.row, found.position);
    from = found.row;
  }
  toast(forward ? "Nothing more to be said further down" : "Nothing more to be said further up");
}

/** Marks the selected row as one of the two to compare. @param {"a" | "b"} which */
export function mark(which) {
  const row = model.row.value;
  if (row === null) return toast("Select a frame first");
  model.marks.value = { ...model.marks.value, [which]: row };
  toast(`Frame ${count(row + 1)} is ${which.toUpperCase()}`);
  if (model.marks.value.a !== null && model.marks.value.b !== null) model.tab.value = "diff";
}

/** Stops or continues the view of a live source. */
export async function togglePause() {
  if (model.source.value.live === "off") return;
  const on = !model.paused.value;
  model.paused.value = on;
  await tryCall("pause", { on });
  say(on ? "Paused" : "Continued");
}

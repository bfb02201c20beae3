import assert from "node:assert/strict";
import { register } from "node:module";
import { test } from "node:test";

/** A channel that does not keep Node running. */
globalThis.MessageChannel = class {
  port1 = { onmessage: () => {} };
  port2 = { postMessage: () => setImmediate(() => this.port1.onmessage()) };
};

/** In place of the compiled module: rows are numbers, filters let the multiples of one pass. */
class Rows {
  rows = 0;
  bytes = 0;
  lastHeard = NaN;
  settled = [];
  bookmark = undefined;
  viewVersion = 0;
  #filter = 1;

  push(bytes) {
    this.rows += bytes.length;
    this.bytes += bytes.length;
    this.lastHeard = bytes[0] * 1e6;
  }
  filter(text) {
    this.#filter = Number(text) || 1;
  }
  get viewRows() {
    return Math.ceil(this.rows / this.#filter);
  }
  viewRowsBefore(row) {
    return Math.ceil(Math.min(row, this.rows) / this.#filter);
  }
  overrideProtocol() {
    // As if two frames became one everywhere.
    this.rows = Math.ceil(this.rows / 2);
    if (this.bookmark !== undefined) this.bookmark = Math.ceil(this.bookmark / 2);
    return true;
  }
  filterHint() {
    this.hints = (this.hints ?? 0) + 1;
    return "no frame has the type PONG";
  }
  settle(now) {
    this.settled.push(now);
  }
  filterOn = () => false;
  examine = () => false;
  finish() {}
  free() {}
}
globalThis.Rows = Rows;
const stub = "data:text/javascript,export const Inspector = globalThis.Rows;";
const hooks = `export const resolve = (name, context, next) =>
  name === "../wigwag.js" ? { url: ${JSON.stringify(stub)}, shortCircuit: true } : next(name, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
const { Session } = await import("../www/worker/session.js");

const session = () => new Session(() => {}, assert.fail, null);

test("a pause holds whatever is filtered, read again or connected again meanwhile", () => {
  const live = session();
  live.push(new Uint8Array(10));
  live.pause(true);
  live.push(new Uint8Array(20));
  assert.deepEqual([live.viewRows, live.state().paused, live.table.rows], [10, true, 30]);
  live.setFilter("2");
  assert.deepEqual([live.viewRows, live.state().paused], [5, true]);
  live.setFilter("");
  assert.equal(live.viewRows, 10);
  live.override(1, "ncp");
  assert.deepEqual([live.viewRows, live.state().paused], [5, true]);
  // The server tells all again.
  live.begin({ kind: "capture", bookmark: live.table.bookmark });
  live.push(new Uint8Array(7));
  assert.deepEqual([live.viewRows, live.state().paused], [5, true]);
  live.pause(false);
  assert.deepEqual([live.viewRows, live.state().paused], [7, false]);
  live.pause(true);
  live.begin();
  assert.equal(live.state().paused, false, "another recording is not paused");
});

test("the table is told the recorder's time, not the page's", () => {
  const live = session();
  live.settle();
  assert.deepEqual(live.table.settled, [], "nothing was heard");
  live.push(new Uint8Array([40]));
  live.settle();
  const [now] = live.table.settled;
  assert.ok(now >= 40e6 && now < 45e6, `${now}`);
});

test("a filter that lets nothing pass has its hint, found once", () => {
  const read = session();
  read.push(new Uint8Array(3));
  assert.equal(read.state().hint, "");
  read.table.filter = () => {};
  Object.defineProperty(read.table, "viewRows", { value: 0 });
  read.setFilter("type == PONG");
  assert.equal(read.state().hint, "", "it is not through yet");
  read.table.filterOn = () => false;
  return new Promise((resolve) => setTimeout(resolve, 30)).then(() => {
    assert.equal(read.state().hint, "no frame has the type PONG");
    read.state();
    assert.equal(read.table.hints, 1);
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Rows, BLOCK } from "../www/rows.js";
import * as scroll from "../www/scroll.js";

const SMALL = { count: 1000, rowHeight: 20, height: 410 };
const MILLION = { count: 1_500_000, rowHeight: 22, height: 400 };
const EMPTY = { count: 0, rowHeight: 22, height: 400 };

test("the extent never exceeds what browsers allow", () => {
  assert.equal(scroll.extent(SMALL), 20_000);
  assert.equal(scroll.scaled(SMALL), false);
  assert.equal(scroll.extent(MILLION), scroll.TALLEST);
  assert.equal(scroll.scaled(MILLION), true);
  assert.equal(scroll.extent(EMPTY), 0);
});

test("position and scrollbar agree, scaled or not", () => {
  for (const g of [SMALL, MILLION]) {
    for (const share of [0, 0.1, 0.5, 0.999, 1]) {
      const top = scroll.lastTop(g) * share;
      assert.ok(Math.abs(scroll.topFromScroll(scroll.scrollFromTop(top, g), g) - top) < 1e-6);
    }
    assert.equal(scroll.topFromScroll(1e12, g), scroll.lastTop(g));
    assert.equal(scroll.topFromScroll(-5, g), 0);
  }
  assert.equal(scroll.topFromScroll(0, EMPTY), 0);
  assert.equal(scroll.scrollFromTop(7, EMPTY), 0);
});

test("the rows in sight are within the list", () => {
  assert.deepEqual(scroll.inSight(0, SMALL), { from: 0, to: 23 });
  assert.deepEqual(scroll.inSight(500.5, SMALL, 0), { from: 500, to: 521 });
  assert.equal(scroll.inSight(scroll.lastTop(MILLION), MILLION).to, MILLION.count);
  assert.deepEqual(scroll.inSight(0, EMPTY), { from: 0, to: 0 });
  assert.deepEqual(scroll.inSight(900, { ...SMALL, count: 10 }), { from: 10, to: 10 });
});

test("revealing moves no further than needed", () => {
  assert.equal(scroll.reveal(100, 105, SMALL), 100, "it is in sight");
  assert.equal(scroll.reveal(100, 50, SMALL, 2), 48);
  assert.equal(scroll.reveal(100, 150, SMALL, 0), 150 + 1 - 20.5);
  assert.equal(scroll.reveal(100, 0, SMALL), 0);
  assert.equal(scroll.reveal(0, 999, SMALL), scroll.lastTop(SMALL));
  assert.equal(scroll.reveal(5, 3, { ...SMALL, height: 20 }, 4), 3, "the margin never exceeds the window");
});

test("the end is the end", () => {
  assert.equal(scroll.atEnd(scroll.lastTop(MILLION), MILLION), true);
  assert.equal(scroll.atEnd(scroll.lastTop(MILLION) - 1, MILLION), false);
  assert.equal(scroll.atEnd(0, EMPTY), true);
});

/** A worker that answers when it is told to. */
function worker() {
  const asked = [];
  const ask = (from, to) =>
    new Promise((resolve) => {
      const rows = Uint32Array.from({ length: to - from }, (_, i) => from + i);
      const empty = {
        rows,
        time: [],
        connection: [],
        direction: [],
        protocol: [],
        kind: [],
        id: [],
        length: [],
        flags: [],
        pair: [],
        latency: [],
        summary: [],
        typeName: [],
      };
      asked.push({ from, to, answer: () => resolve(empty) });
    });
  return { asked, ask };
}

test("rows are asked for once, in blocks, and shown when they come", async () => {
  let arrived = 0;
  const { asked, ask } = worker();
  const rows = new Rows(ask, () => {
    arrived += 1;
  });
  rows.stale(100);
  rows.want(10, 70);
  rows.want(10, 70);
  assert.deepEqual(
    asked.map(({ from, to }) => [from, to]),
    [
      [0, BLOCK],
      [BLOCK, 100],
    ],
  );
  assert.equal(rows.at(10), null);
  asked[0].answer();
  await new Promise(setImmediate);
  assert.equal(arrived, 1);
  assert.equal(rows.at(10).row, 10);
  assert.equal(rows.at(70), null);
});

test("what is old is shown until what is new has come, and never after it", async () => {
  const { asked, ask } = worker();
  const rows = new Rows(ask, () => {});
  rows.stale(40);
  rows.want(0, 40);
  rows.stale(50);
  rows.want(0, 50);
  asked[1].answer();
  await new Promise(setImmediate);
  assert.equal(rows.at(45).row, 45);
  asked[0].answer();
  await new Promise(setImmediate);
  assert.equal(rows.at(45)?.row, 45, "a late answer does not undo a newer one");
  rows.clear();
  assert.equal(rows.at(45), null);
});

test("a failed answer is asked for again", async () => {
  let calls = 0;
  const rows = new Rows(
    () => Promise.reject(new Error(String((calls += 1)))),
    () => {},
  );
  rows.stale(10);
  rows.want(0, 10);
  await new Promise(setImmediate);
  rows.want(0, 10);
  assert.equal(calls, 2);
});

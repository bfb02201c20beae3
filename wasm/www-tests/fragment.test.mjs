import assert from "node:assert/strict";
import { test } from "node:test";
import { COLUMNS, defaultColumns, fitWidth, leastWidth, printColumns, readColumns, spared, tracks, without } from "../www/columns.js";
import { DEFAULT_VIEW, readFragment, writeFragment } from "../www/fragment.js";

const VIEW = {
  filter: 'type == ORDER && payload[0].orders[0].path == "W#1&x=ü"',
  row: 12,
  tab: "plot",
  theme: "dark",
  time: "delta",
  side: "right",
  columns: "-notes,time:9.5",
};

test("a view goes through an address unchanged", () => {
  assert.deepEqual(readFragment(writeFragment(VIEW)), { view: VIEW, token: null });
  assert.deepEqual(readFragment(writeFragment(VIEW, "abc-123")), { view: VIEW, token: "abc-123" });
});

test("what is shared has no token, and the default view nothing at all", () => {
  const { view, token } = readFragment("#token=SECRET&filter=late&row=3");
  assert.equal(token, "SECRET");
  assert.equal(writeFragment(view), "#filter=late&row=3");
  assert.equal(writeFragment(DEFAULT_VIEW), "");
});

test("hostile addresses give the default view", () => {
  for (const hash of [
    "",
    "#",
    "#row=-1",
    "#row=1e99",
    "#row=x",
    "#tab=../x",
    "#theme=%00",
    "#columns=<script>",
    "#time",
    "#side=top",
    "#token=a%20b",
  ]) {
    assert.deepEqual(readFragment(hash), { view: DEFAULT_VIEW, token: null }, hash);
  }
  assert.equal(readFragment(`#filter=${"x".repeat(1e5)}`).view.filter.length, 4000);
});

test("columns are written as what differs, and read back", () => {
  assert.equal(printColumns(defaultColumns()), "");
  const columns = readColumns("-notes,time:9.5,unknown:4,-summary,-id:7");
  assert.equal(printColumns(columns), "time:9.5,-id:7,-notes");
  assert.deepEqual(readColumns(printColumns(columns)), columns);
  assert.ok(columns.find(({ column }) => column.id === "summary").shown, "the summary cannot be hidden");
});

test("widths stay within limits", () => {
  assert.deepEqual([-5, 0, 3.14159, 1e9].map(fitWidth), [2, 2, 3.14, 40]);
  assert.equal(readColumns("time:9999").find(({ column }) => column.id === "time").width, 40);
  assert.equal(readColumns("summary:9").find(({ column }) => column.id === "summary").width, 0);
});

test("the tracks and the least width follow what is shown", () => {
  const hidden = COLUMNS.slice(1, -1)
    .map(({ id }) => `-${id}`)
    .join();
  assert.equal(tracks(readColumns(hidden)), "5rem minmax(12rem, 1fr)");
  assert.equal(leastWidth(readColumns(hidden)), 17);
});

test("columns give way until the others fit, and no further", () => {
  const all = defaultColumns();
  const shown = (room) => without(all, spared(all, room)).map(({ column }) => column.id);
  assert.equal(shown(100).length, COLUMNS.length);
  assert.equal(shown(leastWidth(all)).length, COLUMNS.length);
  assert.deepEqual(
    COLUMNS.map(({ id }) => id).filter((id) => !shown(leastWidth(all) - 1).includes(id)),
    ["length"],
  );
  assert.deepEqual(shown(0), ["time", "direction", "type", "latency", "summary"]);
  for (let room = 38; room < 70; room += 1) assert.ok(leastWidth(without(all, spared(all, room))) <= room, `${room}`);
});

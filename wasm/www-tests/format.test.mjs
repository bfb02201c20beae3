import assert from "node:assert/strict";
import { test } from "node:test";
import * as format from "../www/format.js";
import { narrowed, timeTerm, wholeTime } from "../www/timeterm.js";

test("counts have their thousands apart", () => {
  assert.deepEqual([0, 999, 1000, 491375, 1e7].map(format.count), ["0", "999", "1,000", "491,375", "10,000,000"]);
  assert.equal(format.counted(1, "frame"), "1 frame");
  assert.equal(format.counted(1200, "frame"), "1,200 frames");
});

test("sizes are SI with three digits", () => {
  assert.deepEqual([0, 61, 999, 1000, 1234, 99_950, 999_499, 999_500, 100e6, 2.5e12].map(format.size), [
    "0 B",
    "61 B",
    "999 B",
    "1.00 kB",
    "1.23 kB",
    "100 kB",
    "999 kB",
    "1.00 MB",
    "100 MB",
    "2500 GB",
  ]);
});

test("spans of time change their unit where three digits end", () => {
  const cases = [
    [0, "0 µs"],
    [412, "412 µs"],
    [999.4, "999 µs"],
    [999.6, "1.00 ms"],
    [12_340, "12.3 ms"],
    [999_600, "1.00 s"],
    [3.02e6, "3.02 s"],
    [125e6, "2 min 05 s"],
    [3_725e6, "1 h 02 min"],
    [-412, "-412 µs"],
    [NaN, ""],
    [Infinity, ""],
  ];
  for (const [us, text] of cases) assert.equal(format.duration(us), text);
});

test("times are RFC 3339 in UTC with microseconds", () => {
  assert.equal(format.rfc3339(1763750000123456), "2025-11-21T18:33:20.123456Z");
  assert.equal(format.rfc3339(1e30), "1e+30", "a time beyond the calendar is shown as it is");
});

test("a row's time is absolute, since the start or since the row before", () => {
  const at = 1763750000123456;
  assert.equal(format.moment(at, "absolute", at), "18:33:20.123456");
  assert.equal(format.moment(at, "relative", at - 1_500_000), "+1.500000");
  assert.equal(format.moment(at, "delta", at + 1), "-0.000001");
  assert.equal(format.moment(at, "delta", NaN), "+0.000000");
  assert.equal(format.moment(12_345, "absolute", 0), "@12,345", "an input without a clock counts its bytes");
});

test("bytes in hex and text", () => {
  assert.equal(format.hex(Uint8Array.of(0, 15, 255), " "), "00 0f ff");
  assert.equal([0x1f, 0x20, 0x7e, 0x7f, 0xff].map(format.ascii).join(""), "· ~··");
});

test("a latency's bar grows by decades", () => {
  assert.deepEqual([NaN, 0, 100, 1e4, 1e7, 1e9].map(format.latencyShare), [0, 0, 0, 0.4, 1, 1]);
});

test("marks on a time axis are as fine as their distance", () => {
  const at = 1763750000.25;
  assert.deepEqual(
    [86_400, 60, 1, 0.01, 0.0001].map((distance) => format.tick(at, distance)),
    ["2025-11-21", "18:33", "18:33:20", "18:33:20.250", "18:33:20.250000"],
  );
  assert.equal(format.tick(12.5, 1), "12.5");
});

test("a stretch of time becomes words of the filter", () => {
  assert.equal(
    timeTerm(1763750000.25, 1763750001, 1763750000e6),
    "time >= 2025-11-21T18:33:20.250000Z && time < 2025-11-21T18:33:21.000000Z",
  );
  assert.equal(timeTerm(0.5, 2, 1e5), "time >= 0.400000 s && time < 1.900000 s");
});

test("a condition is added, and a stretch of time takes the place of the one before", () => {
  const first = timeTerm(1763750000, 1763750001, 1763750000e6);
  const second = timeTerm(1763750005, 1763750006, 1763750000e6);
  assert.equal(narrowed("", first), first);
  assert.equal(narrowed(first, second), second);
  assert.equal(narrowed(`late && ${first}`, second), `late && ${second}`);
  assert.equal(narrowed(`late && ${first} && gap`, second), `late && gap && ${second}`);
  assert.equal(wholeTime(`late && ${first} && gap`), "late && gap");
  assert.equal(wholeTime("late"), "late");
  assert.equal(narrowed("late || gap", "id == 7"), "(late || gap) && id == 7");
  assert.equal(narrowed(first, "id == 7"), `${first} && id == 7`);
  assert.equal(narrowed(timeTerm(0.5, 2, 0), timeTerm(1, 2, 0)), timeTerm(1, 2, 0));
});

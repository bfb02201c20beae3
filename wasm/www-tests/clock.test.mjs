import assert from "node:assert/strict";
import { test } from "node:test";

import { Clock } from "../www/worker/clock.js";

test("a clock shows the recorder's time, however far it is from the page's", (t) => {
  let passed = 1000;
  t.mock.method(performance, "now", () => passed);
  const clock = new Clock();
  assert.ok(Number.isNaN(clock.now()), "nothing was heard");
  clock.heard(NaN);
  assert.ok(Number.isNaN(clock.now()));
  // An hour behind this machine's clock, or years before it.
  const there = 1_600_000_000_000_000;
  clock.heard(there);
  assert.equal(clock.now(), there);
  passed += 2500;
  assert.equal(clock.now(), there + 2_500_000);
  // What is not later than what was heard does not put it back.
  clock.heard(there - 5_000_000);
  clock.heard(there);
  assert.equal(clock.now(), there + 2_500_000);
  clock.heard(there + 9_000_000);
  assert.equal(clock.now(), there + 9_000_000);
});

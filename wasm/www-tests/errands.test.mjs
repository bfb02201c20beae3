import assert from "node:assert/strict";
import { test } from "node:test";

/** A channel that does not keep Node running. */
globalThis.MessageChannel = class {
  port1 = { onmessage: () => {} };
  port2 = { postMessage: () => setImmediate(() => this.port1.onmessage()) };
};
const { Schedule } = await import("../www/worker/schedule.js");
const { Errands } = await import("../www/worker/errands.js");

const errands = (failed = assert.fail) => new Errands(new Schedule(failed));

test("an errand is done in steps, and messages come between its slices", async () => {
  const all = errands();
  let left = 30;
  let messages = 0;
  const timer = setInterval(() => (messages += 1), 1);
  await all.run("search", () => {
    const until = performance.now() + 3;
    while (performance.now() < until);
    return (left -= 1) > 0;
  });
  clearInterval(timer);
  assert.equal(left, 0);
  assert.ok(messages > 3, `${messages} messages in 90 ms`);
});

test("a new errand of a kind ends the old one, and no other", async () => {
  const all = errands();
  let steps = 0;
  const old = all.run("search", () => (steps += 1) > 0);
  const other = all.run("export", () => false);
  const now = all.run("search", () => false);
  await assert.rejects(old, /another request/);
  await Promise.all([other, now]);
  const seen = steps;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(steps, seen, "nothing is left of it");
});

test("all are ended at once, and what a step throws is told", async () => {
  const all = errands();
  const endless = [all.run("search", () => true), all.run("export", () => true)];
  all.end("something else was opened");
  for (const errand of endless) await assert.rejects(errand, /something else/);
  const broken = all.run("search", () => {
    throw new Error("broken");
  });
  await assert.rejects(broken, /broken/);
  await all.run("search", () => false);
});

test("a trap is the worker's end, not an answer", async () => {
  const failed = new Promise((resolve) => {
    errands(resolve).run("search", () => {
      throw new WebAssembly.RuntimeError("unreachable");
    });
  });
  assert.ok((await failed) instanceof WebAssembly.RuntimeError);
});

import assert from "node:assert/strict";
import { test } from "node:test";

/** A channel that does not keep Node running. */
globalThis.MessageChannel = class {
  port1 = { onmessage: () => {} };
  port2 = { postMessage: () => setImmediate(() => this.port1.onmessage()) };
};
const { Schedule } = await import("../www/worker/schedule.js");

const turns = async (n) => {
  for (let i = 0; i < n; i++) await new Promise(setImmediate);
};

test("jobs run until they have no more to do", async () => {
  const schedule = new Schedule(assert.fail);
  let left = 3;
  schedule.add(() => (left -= 1) > 0);
  await turns(5);
  assert.equal(left, 0);
});

test("a job that puts another before itself and is done does not run again", async () => {
  const schedule = new Schedule(assert.fail);
  const ran = [];
  const first = () => {
    ran.push("first");
    return false;
  };
  const second = () => {
    ran.push("second");
    schedule.add(first, true);
    return false;
  };
  schedule.add(second);
  await turns(20);
  assert.deepEqual(ran, ["second", "first"]);
});

test("a job that throws ends all, and is told", async () => {
  const told = [];
  const schedule = new Schedule((error) => told.push(error.message));
  schedule.add(() => {
    throw new Error("broken");
  });
  schedule.add(() => assert.fail("it was forgotten"));
  await turns(5);
  assert.deepEqual(told, ["broken"]);
});

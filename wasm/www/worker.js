// The worker: owns the bytes and the table, answers the page, and works in the
// background between its messages.

import { initSync } from "./wigwag.js";
import { Session } from "./worker/session.js";
import { operations } from "./worker/operations.js";
import { loadLate, partsBegin } from "./worker/parts.js";

const post = (message, transfer) => self.postMessage(message, transfer ?? []);

/** Set when the module is there. @type {Promise<Session>} */
let started = null;

/** A trap of WebAssembly: what is in its memory cannot be trusted any more. The
 * page starts another worker. */
function crashed(error) {
  post({ event: "crashed", message: `the inspector failed on this input: ${error.message ?? error}` });
}

async function start(bytes) {
  const module = bytes
    ? await WebAssembly.compile(bytes)
    : await WebAssembly.compileStreaming(fetch(new URL("wigwag_bg.wasm", self.location.href)));
  const exports = initSync({ module });
  partsBegin(exports);
  return new Session(post, crashed, exports.memory);
}

/** What can be done without the late part of the module. */
const AT_ONCE = ["open", "sample", "live", "pause", "close", "keyLog", "window", "locate", "stats"];

self.onmessage = async ({ data: { id, op, ...args } }) => {
  if (op === "start") {
    started = start(args.wasm);
    started.catch(crashed);
    return;
  }
  try {
    const session = await started;
    const operation = Object.hasOwn(operations, op) ? operations[op] : null;
    if (operation === null) {
      throw new Error(`there is no operation ${op}`);
    }
    if (!AT_ONCE.includes(op)) {
      await loadLate();
    }
    const result = (await operation(session, args)) ?? {};
    post({ id, result });
    if (op === "window") {
      // There are rows to look at: time for the rest. What needs it asks again.
      loadLate().catch(() => {});
    }
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) {
      crashed(error);
      return;
    }
    const { message, offset, start: from, end } = error;
    post({ id, error: { message: message ?? String(error), offset, start: from, end } });
  }
};

// Reading goes on after the operation that began it has been answered.
self.onunhandledrejection = (event) => {
  event.preventDefault();
  crashed(event.reason);
};

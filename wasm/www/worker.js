// The worker: owns the bytes and the table, answers the page, and works in the
// background between its messages.

import { initSync } from "./wigwag.js";
import { Session } from "./worker/session.js";
import { operations } from "./worker/operations.js";

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
  const { memory } = initSync({ module });
  return new Session(post, crashed, memory);
}

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
    const result = (await operation(session, args)) ?? {};
    post({ id, result });
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

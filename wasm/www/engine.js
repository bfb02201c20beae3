// The worker, as the page sees it: calls that answer with promises, and events.

/** What the page may load as a script: its own worker, from its folder or, in a
 * page that is one file, from the text inside it. */
const workerScripts = globalThis.trustedTypes?.createPolicy("wigwag", {
  createScriptURL(url) {
    if (url !== "worker.js" && !url.startsWith("blob:")) {
      throw new TypeError(`not a script of this page: ${url}`);
    }
    return url;
  },
});

/** An error of a call, with its place where it has one.
 * @typedef {Error & { offset?: number, start?: number, end?: number }} EngineError */

/** One worker with one recording or live conversation at a time. */
export class Engine {
  /** Takes the worker's events: `{event: "state", ..}`, and `{event: "crashed", message}`
   * after which the worker is a new one that holds nothing.
   * @type {(event: Record<string, any>) => void} */
  onevent = () => {};

  /** Whether this page is a single file: there is no server, and it has a
   * capture in it. */
  single = document.getElementById("wigwag-worker") !== null;

  #worker;
  #waiting = new Map();
  #last = 0;

  constructor() {
    this.#start();
  }

  /** Asks the worker. The operations are listed in `worker/operations.js`.
   * @param {string} op
   * @param {Record<string, any>} [args]
   * @returns {Promise<any>} rejects with an {@link EngineError} */
  call(op, args = {}) {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...args, id, op });
    });
  }

  /** The capture that a single file holds, to be opened by the page.
   * @returns {Promise<{ bytes: Uint8Array, name: string } | null>} */
  async embedded() {
    const element = document.getElementById("wigwag-capture");
    return element && { bytes: await embeddedBytes(element), name: element.dataset.name ?? "" };
  }

  #start() {
    const inside = document.getElementById("wigwag-worker");
    const url = inside ? URL.createObjectURL(new Blob([inside.textContent], { type: "text/javascript" })) : "worker.js";
    const worker = new Worker(workerScripts?.createScriptURL(url) ?? url, {
      type: inside ? "classic" : "module",
    });
    worker.onmessage = ({ data }) => this.#take(data);
    worker.onerror = (event) => this.#crashed(event.message || "the worker did not start");
    this.#worker = worker;
    if (inside) {
      const module = document.getElementById("wigwag-wasm");
      embeddedBytes(module).then((wasm) => worker.postMessage({ op: "start", wasm }));
    } else {
      worker.postMessage({ op: "start" });
    }
  }

  #take(message) {
    if (message.event === "crashed") {
      this.#crashed(message.message);
    } else if (message.event) {
      this.onevent(message);
    } else {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error) {
        waiting?.reject(Object.assign(new Error(message.error.message), message.error));
      } else {
        waiting?.resolve(message.result);
      }
    }
  }

  /** A trap of WebAssembly leaves memory that nobody can trust: begin anew. */
  #crashed(message) {
    this.#worker.terminate();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#start();
    for (const { reject } of waiting) {
      reject(new Error(message));
    }
    this.onevent({ event: "crashed", message });
  }
}

/** What an element of a single file holds: base64 of gzip. */
async function embeddedBytes(element) {
  const text = atob(element.textContent.trim());
  const packed = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}

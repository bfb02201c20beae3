// The worker as the page loads it, with a server that is made up here: what it can do
// before the late part of its module is there, and that both together do what the
// whole module does. `WIGWAG_PARTS` names a folder with the page's files in `page` and
// the package's in `package`.

import assert from "node:assert/strict";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";

const FOLDER = process.env.WIGWAG_PARTS;
const file = (name) => readFileSync(join(FOLDER, "page", name));
const sample = file("sample.wgcap");
copyFileSync(join(FOLDER, "page", "worker.js"), join(FOLDER, "page", "worker.mjs"));

// What a worker has around it.
globalThis.self = globalThis;
self.location = { href: "http://localhost/worker.js" };
let waiting = new Map();
let server;
self.postMessage = (message) => {
  if (message.event === "crashed") {
    server.crashes.push(message.message);
  }
  waiting.get(message.id)?.(message);
};
globalThis.fetch = async (url) => server.fetch(new URL(url, self.location.href).pathname.slice(1));
globalThis.XMLHttpRequest = class {
  open(method, url, asynchronous) {
    assert.deepEqual([method, asynchronous], ["GET", false]);
    this.name = new URL(url).pathname.slice(1);
  }
  send() {
    server.inHaste.push(this.name);
    const bytes = file(this.name);
    this.response = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    this.status = 200;
  }
};
// A worker lives as long as its page; here Node would wait for it for ever.
const channels = [];
globalThis.MessageChannel = class extends MessageChannel {
  constructor() {
    super();
    channels.push(this);
  }
};
after(() => channels.forEach(({ port1 }) => port1.close()));
/** A conversation that is the sample, in pieces. */
globalThis.WebSocket = class {
  static OPEN = 1;
  constructor() {
    setTimeout(() => {
      this.onopen();
      for (let at = 0; at < sample.length; at += 7000) {
        this.onmessage({ data: Uint8Array.from(sample.subarray(at, at + 7000)).buffer });
      }
    });
  }
  close() {}
};

/** What there is at an address. */
async function answer(name) {
  const type = name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
  return new Response(file(name), { headers: { "content-type": type } });
}

let workers = 0;
/** A new worker. `late` answers for the late part. */
async function worker(late) {
  waiting = new Map();
  server = {
    inHaste: [],
    crashes: [],
    fetch: (name) => (name === "wigwag_late.wasm" ? late(name) : answer(name)),
  };
  const url = pathToFileURL(join(FOLDER, "page", "worker.mjs"));
  await import(`${url.href}?${++workers}`);
  const own = self.onmessage;
  own({ data: { op: "start" } });
  let last = 0;
  const ask = async (op, args = {}) => {
    const id = ++last;
    const answered = new Promise((resolve) => waiting.set(id, resolve));
    own({ data: { ...args, id, op } });
    const { result, error } = await answered;
    assert.equal(error, undefined, op);
    return result;
  };
  const settled = async (enough) => {
    for (let turn = 0; turn < 3000; turn += 1) {
      const stats = await ask("stats");
      if (enough(stats)) {
        return stats;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.fail("the worker does not come to an end");
  };
  return { ask, settled };
}

const never = () => new Promise(() => {});
const read = (stats) => stats.rows > 0 && stats.done && stats.examined === stats.rows && !stats.filtering;

test("inputs are opened, listed and followed without the late part", async () => {
  const { ask, settled } = await worker(never);
  await ask("sample");
  const { rows, viewRows } = await settled(read);
  assert.equal(rows, viewRows);
  for (let from = 0; from < rows; from += 60) {
    const window = await ask("window", { from, to: from + 60 });
    assert.ok(window.summary.every((text, at) => text !== "" || window.length[at] <= 8));
    assert.ok(window.typeName.every((text) => text !== ""));
  }
  await ask("locate", { row: rows - 1 });
  await ask("live", { url: "/live" });
  const live = await settled((stats) => stats.rows === rows && stats.examined === rows);
  await ask("pause", { on: true });
  await ask("window", { from: 0, to: live.rows });
  await ask("pause", { on: false });
  await ask("close");
  assert.deepEqual(server.inHaste, [], "wasm/page/build/plan.rs lacks an export that a page begins with");
  assert.deepEqual(server.crashes, []);
});

test("what needs the late part before it came has it loaded, once", async () => {
  const { ask, settled } = await worker(never);
  await ask("open", { text: "00 00 00 00  00 01 00 00\n00 00 00 00  00 02 00 00", name: "pasted" });
  assert.equal((await settled(read)).rows, 2);
  assert.deepEqual(server.inHaste, ["wigwag_late.wasm"]);
  await ask("filter", { text: "type == PING && id == 2" });
  assert.equal((await settled(read)).viewRows, 1);
  assert.deepEqual(server.inHaste, ["wigwag_late.wasm"]);
  assert.deepEqual(server.crashes, []);
});

test("a late part that does not come is said, and asked for again", async () => {
  let answers = false;
  const { ask, settled } = await worker(async (name) => {
    if (answers) {
      return answer(name);
    }
    throw new TypeError("Failed to fetch");
  });
  await ask("sample");
  await settled(read);
  await assert.rejects(ask("detail", { row: 0 }), /cannot be loaded/);
  answers = true;
  assert.equal((await ask("detail", { row: 0 })).row, 0);
  assert.deepEqual(server.inHaste, []);
});

test("both parts do what the whole does", async () => {
  const whole = await import(pathToFileURL(join(FOLDER, "package", "wigwag.js")).href);
  await whole.default({ module_or_path: readFileSync(join(FOLDER, "package", "wigwag_bg.wasm")) });
  const table = new whole.Inspector();
  table.push(sample);
  table.finish();
  while (table.examine(1000));
  const { ask, settled } = await worker(answer);
  await ask("sample");
  const { rows } = await settled(read);
  assert.equal(rows, table.rows);
  const window = await ask("window", { from: 0, to: rows });
  const expected = table.window(0, rows);
  for (const column of ["time", "kind", "id", "flags", "pair", "latency", "typeName", "summary"]) {
    assert.deepEqual(window[column], expected[column], column);
  }
  for (let row = 0; row < rows; row += 7) {
    const { bytes, ...detail } = await ask("detail", { row });
    assert.deepEqual(bytes, table.bytesOf(row));
    assert.deepEqual(detail, JSON.parse(table.detail(row)));
    assert.deepEqual((await ask("edit", { row })).json, table.edit(row));
  }
  assert.deepEqual(await ask("diff", { a: 0, b: 1 }), JSON.parse(table.diff(0, 1)));
  assert.deepEqual(await ask("experts", {}), JSON.parse(table.experts(2000)));
  assert.deepEqual(await ask("connections"), JSON.parse(table.connections()));
  assert.deepEqual(await ask("fields"), JSON.parse(table.fields()));
  for (const text of ["type == ORDER", "payload ~ \"[A-Z]{2}\" || latency > 1ms"]) {
    table.filter(text);
    while (table.filterOn(1000));
    await ask("filter", { text });
    assert.equal((await settled(read)).viewRows, table.viewRows, text);
    assert.ok(table.viewRows > 0, text);
    for (const format of ["jsonl", "csv", "capture", "pcapng", "raw"]) {
      const parts = [];
      table.export(format, true, undefined, { write: (chunk) => parts.push(chunk) });
      const { blob } = await ask("export", { format, rows: "view" });
      const written = new Uint8Array(await blob.arrayBuffer());
      assert.deepEqual(written, new Uint8Array(await new Blob(parts).arrayBuffer()), format);
    }
  }
  assert.deepEqual(server.crashes, []);
});

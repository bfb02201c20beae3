// Inputs that are broken, or made to break: none may trap the module.

import { strictEqual as is } from "node:assert";
import { readFileSync } from "node:fs";
import { Inspector } from "./node.js";

const recording = readFileSync("recording.wgcap");
/** Of every broken input something is looked at. */
function look(bytes, ...how) {
  const inspector = new Inspector(...how);
  inspector.push(bytes);
  inspector.finish();
  while (inspector.examine(1000));
  inspector.filter('payload contains "x" || malformed');
  while (inspector.filterOn(1000));
  for (let row = 0; row < Math.min(inspector.rows, 20); row += 1) {
    JSON.parse(inspector.detail(row));
  }
  JSON.parse(inspector.experts(20));
  JSON.parse(inspector.fields());
  inspector.window(0, 100).free();
  const rows = inspector.rows;
  inspector.free();
  return rows;
}

is(look(recording), 4);
for (let end = 0; end < recording.length; end += 1) {
  look(recording.subarray(0, end));
}
// A generator of its own: the same bytes in every run.
let state = 12345;
const random = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8;
for (let round = 0; round < 300; round += 1) {
  const broken = Uint8Array.from(recording);
  for (let change = 0; change <= round % 8; change += 1) {
    broken[random() % broken.length] = random();
  }
  look(broken);
  look(broken, "raw", ["ngtt", "ncp", "prefix", "minijson"][round % 4]);
}
for (const kind of ["raw", "hex", "base64", "jsonl", "capture", "pcap", "pcapng"]) {
  look(new Uint8Array(70_000).fill(0xff), kind);
  look(new Uint8Array(70_000), kind);
  look(Buffer.from("[".repeat(5000)), kind);
}
// A length of 4 GiB, and minijson that is nested as deep as it is long.
look(Uint8Array.of(255, 255, 255, 255, 0, 1, 0, 1, 64), "raw", "ngtt");
look(new Uint8Array(100_000).fill(0x41), "raw", "minijson");
console.log("good");

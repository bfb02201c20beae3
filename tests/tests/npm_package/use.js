// A project that uses the package: decodes a capture and looks at its rows.

import { deepStrictEqual as same, strictEqual as is, throws } from "node:assert";
import { readFileSync } from "node:fs";
import init, { Inspector, Plot } from "wigwag";

await init();

const NONE = 0xffffffff;
const inspector = new Inspector();
const recording = readFileSync("recording.wgcap");
for (let at = 0; at < recording.length; at += 7) {
  inspector.push(recording.subarray(at, at + 7));
}
inspector.finish();
while (inspector.examine(1));

is(inspector.kind, "capture");
is(inspector.rows, 4);
is(inspector.bytes, recording.length);
is(inspector.examined, 4);
is(inspector.problemCount, 0);

const all = inspector.window(0, 100);
same(all.rows, Uint32Array.of(0, 1, 2, 3));
same(all.kind, Uint32Array.of(1, 3, 1, 2));
same(all.id, Uint32Array.of(7, 1, 8, 7));
same(all.direction, Uint8Array.of(1, 0, 1, 0));
same(all.protocol, Uint8Array.of(1, 1, 1, 1));
same(all.connection, Uint32Array.of(4, 4, 4, 4));
same(all.length, Uint32Array.of(11, all.length[1], 11, 8));
same(all.pair, Uint32Array.of(3, NONE, NONE, 0));
same(all.latency, Float32Array.of(3e6, NaN, NaN, 3e6));
is(all.time[3] - all.time[0], 3e6);
same(all.typeName, ["ORDER", "LOGS", "ORDER", "ORDER_CONFIRM"]);
is(all.summary[1], "info pump: started");
all.free();
is(inspector.window(0, 4, false).summary.length, 0);

// A filter over columns, one over payloads, one that is wrong.
function view(text) {
  inspector.filter(text);
  while (inspector.filterOn(1));
  return [...inspector.window(0, inspector.viewRows).rows];
}
same(view("type == ORDER && unanswered"), [2]);
same(view('payload[0].service == "pump"'), [1]);
is(inspector.position(1), 0);
is(inspector.position(0), undefined);
throws(() => inspector.filter("tpye == ORDER"), { start: 0, end: 4, message: /did you mean/ });
same(view(""), [0, 1, 2, 3]);
is(inspector.find("latency > 2 s", -1, true), 0);
is(inspector.find("latency > 2 s", 0, true), 3);
is(inspector.find("type == ORDER", 2, false), 0);
is(inspector.findExpert(-1, true), 2);

// One row in full: every byte of it is in the tree.
const detail = JSON.parse(inspector.detail(1));
is(detail.typeName, "LOGS");
is(detail.latency, null);
const bytes = inspector.bytesOf(1);
is(detail.nodes[0].end, bytes.length);
const service = detail.nodes.find((node) => node.path === "payload[0].service");
is(service.value, '"pump"');
is(Buffer.from(bytes.subarray(service.start, service.end)).includes("pump"), true);
is(inspector.detail(4), undefined);
is(inspector.bytesOf(4), undefined);

is(JSON.parse(inspector.connections())[0].frames, 4);
const experts = JSON.parse(inspector.experts(10));
same(experts.kinds, [{ kind: "unanswered", severity: "warning", count: 1 }]);
is(experts.items[0].row, 2);
is(JSON.parse(inspector.slowest(5))[0].text.startsWith("ORDER_CONFIRM 7 to ORDER 7"), true);
is(JSON.parse(inspector.complete("late && mal", 11)).items[0].text, "malformed");
same(view(inspector.follow(0, false)), [0, 3]);

// What is no row is no row 0.
for (const row of [undefined, NaN, -1, 0.5, 2 ** 32, "order"]) {
  throws(() => inspector.detail(row), /a row is a whole number/);
  throws(() => inspector.bytesOf(row), /a row is a whole number/);
  throws(() => inspector.diff(0, row), /a row is a whole number/);
  throws(() => inspector.edit(row), /a row is a whole number/);
  throws(() => inspector.position(row), /a row is a whole number/);
  throws(() => inspector.follow(row, true), /a row is a whole number/);
}

// A search and an export in steps.
const search = inspector.search("type == LOGS", -1, false);
while (search.step(inspector));
is(search.row, 1);
search.free();
const lines = [];
const exporter = inspector.exporter("jsonl", false, undefined);
while (exporter.step(inspector, { write: (part) => lines.push(Buffer.from(part).toString()) }));
is(lines.join("").match(/"hex"/g).length, 4);

// A key log is told from a recording, a bookmark is kept.
const secret = `CLIENT_TRAFFIC_SECRET_0 ${"ab".repeat(32)} ${"cd".repeat(32)}`;
same([Inspector.isKeyLog(secret), Inspector.isKeyLog("0000003d 0007")], [true, false]);
is(inspector.lastHeard >= inspector.lastTime, true);
inspector.bookmark = 2;
// Of the rows that the filter shows, one is before it.
same([inspector.bookmark, inspector.viewRowsBefore(2)], [2, 1]);
inspector.bookmark = undefined;

// Plots.
inspector.filter("");
const plot = new Plot("latency");
while (plot.add(inspector, 1));
same(plot.reduced(0, Infinity, 10).max.length + plot.reduced(0, 1e17, 10).max.length, 1);
same(plot.reduced(0, 1e17, 10).max, Float64Array.of(3000));
same([...inspector.array(1, "payload[0].level")], [20]);
is(inspector.rate(3).frames.length, 3);

// What is exported and opened again is the same.
for (const format of ["capture", "jsonl", "pcapng"]) {
  const parts = [];
  inspector.export(format, false, undefined, { write: (part) => parts.push(part) });
  const again = new Inspector();
  for (const part of parts) {
    again.push(part);
  }
  again.finish();
  is(again.kind, format);
  const window = again.window(0, 10);
  same(window.typeName, ["ORDER", "LOGS", "ORDER", "ORDER_CONFIRM"], format);
  same(window.latency[3], 3e6, format);
  again.free();
}
throws(() => inspector.export("xls", false, undefined, { write() {} }), /the formats are/);
throws(() => new Inspector("xls"), /an input is/);
throws(() => new Inspector(undefined, "http"), /the protocols are/);
inspector.free();
console.log("good");

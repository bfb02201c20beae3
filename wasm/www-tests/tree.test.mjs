import assert from "node:assert/strict";
import { test } from "node:test";
import { readScalars, writeScalar } from "../www/jsonform.js";
import { ancestors, bytesPerLine, childCounts, levels, lineWidth, nodeAt, openNodes } from "../www/treemath.js";
import { family, notes } from "../www/words.js";

const node = (parent, label, start, end) => ({ parent, label, kind: "", start, end, value: "" });
const NODES = [
  node(0xffffffff, "frame", 0, 20),
  node(0, "head", 0, 8),
  node(1, "length", 0, 4),
  node(1, "tid", 4, 6),
  node(0, "payload", 8, 20),
  node(4, "[0]", 8, 8),
  node(4, "[1]", 12, 20),
];

test("levels, children and what is open", () => {
  assert.deepEqual([...levels(NODES)], [0, 1, 2, 2, 1, 2, 2]);
  assert.deepEqual([...childCounts(NODES)], [2, 2, 0, 0, 2, 0, 0]);
  assert.deepEqual(openNodes(NODES, new Set([1])), [0, 1, 4, 5, 6]);
  assert.deepEqual(openNodes(NODES, new Set([0])), [0]);
  assert.deepEqual(openNodes([], new Set()), []);
});

test("a byte belongs to the smallest node around it", () => {
  assert.deepEqual(
    [0, 5, 7, 8, 12, 19, 20, -1].map((byte) => nodeAt(NODES, byte)),
    [2, 3, 1, 4, 6, 6, -1, -1],
  );
});

test("the line of ancestors ends at the root, whatever the parents say", () => {
  assert.deepEqual(ancestors(NODES, 3), [3, 1, 0]);
  assert.deepEqual(ancestors([node(0, "its own", 0, 1)], 0), [0]);
  assert.deepEqual(ancestors([node(7, "ahead", 0, 1)], 0), [0]);
  assert.deepEqual(ancestors(NODES, -1), []);
});

test("a line of bytes is as long as the room allows", () => {
  assert.deepEqual(
    [100, 7 * lineWidth(16), 7 * lineWidth(16) - 1, 7 * lineWidth(32)].map((width) => bytesPerLine(width, 7)),
    [8, 16, 8, 32],
  );
});

test("single values of JSON are listed and replaced, and keep their type", () => {
  const json = '{"tid": 7, "payload": [{"path": "W1", "value": -5, "big": true}]}';
  assert.deepEqual(
    readScalars(json).map(({ name, text }) => [name, text]),
    [
      ["tid", "7"],
      ["payload[0].path", "W1"],
      ["payload[0].value", "-5"],
      ["payload[0].big", "true"],
    ],
  );
  assert.equal(JSON.parse(writeScalar(json, ["payload", 0, "path"], "12")).payload[0].path, "12");
  assert.equal(JSON.parse(writeScalar(json, ["tid"], "12")).tid, 12);
  assert.equal(writeScalar(json, ["tid"], "twelve"), null);
  assert.equal(writeScalar(json, ["tid"], "{}"), null);
  assert.equal(writeScalar(json, ["nowhere", "else"], "1"), null);
  assert.equal(writeScalar(json, ["payload", "__proto__", "x"], "1"), null);
});

test("JSON with numbers that JavaScript would change is left alone", () => {
  assert.equal(readScalars('{"n": 9007199254740993}'), null);
  assert.equal(writeScalar('{"n": 9007199254740993, "a": 1}', ["a"], "2"), null);
  assert.equal(readScalars("{"), null);
});

test("flags become words, the grave ones first", () => {
  assert.deepEqual(
    notes(0b1000_0011).map(({ word, severity }) => `${severity} ${word}`),
    ["error malformed", "warning unanswered", "note repeated"],
  );
  assert.deepEqual(notes(1 << 8), [], "that a frame was examined is not said");
});

test("every type has a family", () => {
  assert.deepEqual(
    [0, 1, 2, 4, 6, 9, 11, 4e9].map((kind) => family(1, kind)),
    ["keep", "order", "confirm", "data", "reject", "reject", "other", "other"],
  );
  assert.deepEqual(
    [family(2, 0x4c494e4b), family(2, 1), family(3, 0), family(0, 0)],
    ["keep", "packet", "message", "other"],
  );
});

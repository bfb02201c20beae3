/** What the numbers in the table's columns are called. Pure functions. */

/** By the number of a protocol. */
export const PROTOCOLS = ["unknown", "ngtt", "ncp", "prefix", "minijson"];

/** What stands in the type column of frames without types, by the number of their protocol. */
export const UNTYPED = ["bytes", "", "", "message", "value"];

/** Bits of the flags column, the grave ones first: [bit, word, severity]. */
const FLAGS = [
  [1 << 0, "malformed", "error"],
  [1 << 5, "error", "error"],
  [1 << 1, "unanswered", "warning"],
  [1 << 2, "late", "warning"],
  [1 << 6, "warning", "warning"],
  [1 << 4, "gap", "warning"],
  [1 << 3, "resync", "warning"],
  [1 << 7, "repeated", "note"],
  [1 << 9, "not kept", "note"],
];

/** The marks of the three severities: they differ in shape, not only in colour. */
export const MARKS = /** @type {Record<string, string>} */ ({ error: "✖", warning: "▲", note: "○" });

/**
 * What is to be said of a row.
 * @param {number} flags
 * @returns {{ word: string, severity: "error" | "warning" | "note" }[]}
 */
export function notes(flags) {
  return FLAGS.filter(([bit]) => flags & /** @type {number} */ (bit)).map(
    ([, word, severity]) => /** @type {any} */ ({ word, severity }),
  );
}

/** Families of NGTT's frame types, by number. */
const NGTT = ["keep", "order", "confirm", "log", "data", "confirm", "reject", "sync", "sync", "reject", "keep"];

/** NCP's packet type LINK, which carries the handshake and the keep-alive. */
const LINK = 0x4c494e4b;

/**
 * Which family of types a row belongs to: the list colours by it.
 * @param {number} protocol
 * @param {number} kind
 */
export function family(protocol, kind) {
  if (protocol === 1) return NGTT[kind] ?? "other";
  if (protocol === 2) return kind === LINK ? "keep" : "packet";
  return protocol === 0 ? "other" : "message";
}

/** The arrow of a direction; the device stands on the left, the server on the right. @param {number} direction */
export function arrow(direction) {
  return direction ? "←" : "→";
}

/** A direction in words. @param {number} direction */
export function way(direction) {
  return direction ? "to device" : "to server";
}

//! TypeScript's names for the JSON texts.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** Text that `JSON.parse` makes a `T` of. */
export type JsonText<T> = string;

/** What an input is written in. */
export type Kind = "raw" | "hex" | "base64" | "jsonl" | "capture" | "pcap" | "pcapng";

/** What a connection speaks. */
export type Protocol = "ngtt" | "ncp" | "prefix" | "minijson";

/** A part of a frame; the parts of it follow it. */
export interface Node {
  /** The index of the node that it is a part of; 4294967295 for the frame itself. */
  parent: number;
  label: string;
  /** "frame", "header", "word", "field", "parameter", "null", "bool", "integer", "float", "text", "bytes", "list", "map", "sdict", "numbers", "padding", "more" or "malformed". */
  kind: string;
  /** Its bytes in the frame: the first, and the one behind the last. */
  start: number;
  end: number;
  value: string;
  /** What the value means, or what is wrong with it; may be empty. */
  meaning: string;
  /** Its path in the filter language; empty if none leads there. */
  path: string;
}

/** A row, in full. Times are microseconds since 1970-01-01T00:00:00Z. */
export interface Detail {
  row: number;
  time: number;
  connection: number;
  /** 0 to the server, 1 to the device. */
  direction: 0 | 1;
  protocol: Protocol | "unknown";
  kind: number;
  typeName: string;
  id: number;
  length: number;
  offset: number;
  flags: number;
  /** The row of the other half; 4294967295 if there is none. */
  pair: number;
  /** Microseconds from the first half of the pair to the second, in both; null without a pair. */
  latency: number | null;
  /** What is to be said of it, in sentences. */
  notes: string[];
  /** The frame as `wigwag decode --json` prints it; empty if its bytes were not kept. */
  json: string;
  nodes: Node[];
}

/** How two frames differ. */
export interface Diff {
  items: { path: string; change: "changed" | "encoding" | "added" | "removed"; before: string; after: string }[];
  /** Whether there are more differences than were told. */
  more: boolean;
}

/** What is to be said of rows. */
export interface Experts {
  kinds: { kind: string; severity: "error" | "warning" | "note"; count: number }[];
  items: { row: number; kind: string; text: string }[];
  problems: { offset: number; message: string }[];
}

/** A connection. Times are microseconds since 1970-01-01T00:00:00Z. */
export interface Connection {
  id: number;
  protocol: Protocol | "unknown";
  /** Why that is believed: what of its bytes shows it, or who has said it. Empty while
   * nobody knows. */
  why: string;
  device: string;
  server: string;
  frames: number;
  bytes: number;
  began: number;
  /** 0 while it is open. */
  ended: number;
  reason: string;
}

/** What could stand at a place of a filter's text, in bytes of UTF-8. */
export interface Completions {
  start: number;
  end: number;
  items: { text: string; help: string }[];
}

/** An answer that took its time. */
export interface SlowAnswer {
  row: number;
  /** Microseconds. */
  latency: number;
  /** What answered, and what was answered. */
  text: string;
}
"#;

// What the page can ask for, by name. Each takes the session and the arguments of
// the request; what it returns (or promises) is the answer.

import { Inspector } from "../wigwag.js";
import { complete, checkFilter, matchingRow } from "./search.js";
import { exportRows } from "./out.js";
import { Live } from "./live.js";
import { plotField, seconds } from "./plots.js";
import { openInput } from "./read.js";

/** @type {Live | null} */
let liveNow = null;

function endLive() {
  liveNow?.close();
  liveNow = null;
}

function json(text) {
  return text === undefined ? null : JSON.parse(text);
}

/** Every operation of the page. */
export const operations = {
  // Inputs

  /** `{blob | bytes | text | url, name, kind?, protocol?, keyLog?}` */
  open(session, input) {
    endLive();
    return openInput(session, input);
  },
  /** The recording that lies beside the page. */
  sample(session) {
    endLive();
    return openInput(session, { url: "sample.wgcap", name: "sample.wgcap" });
  },
  /** `{url, name?, keyLog?}`: a WebSocket. */
  live(session, about) {
    endLive();
    liveNow = new Live(session, about);
  },
  /** `{on}` */
  pause(session, { on }) {
    session.pause(on);
  },
  close(session) {
    endLive();
    session.opening += 1;
    session.begin();
    session.finish();
  },
  /** `{connection, protocol}` */
  protocol(session, { connection, protocol }) {
    session.override(connection, protocol);
  },
  /** `{text}`: lines of an NSS key log. */
  keyLog(session, { text }) {
    session.keyLog(text);
  },

  /** `{text}` -> `{yes}`: whether a text is a key log, and not a recording. */
  isKeyLog(session, { text }) {
    return { yes: Inspector.isKeyLog(text) };
  },

  // The view

  /** `{from, to}`: rows of the view, by position. */
  window(session, { from, to }) {
    const last = Math.min(to, session.viewRows);
    const columns = session.table.window(Math.min(from, last), last);
    const {
      rows, time, connection, direction, protocol, kind, id, length, flags, pair, latency,
      summary, typeName,
    } = columns;
    columns.free();
    return {
      generation: session.generation,
      rows, time, connection, direction, protocol, kind, id, length, flags, pair, latency,
      summary, typeName,
    };
  },
  /** `{text}`; an error has `start` and `end`. */
  filter(session, { text }) {
    checkFilter(text, () => session.setFilter(text));
    return { generation: session.generation };
  },
  /** `{text, cursor}` */
  complete,
  /** `{row, what: "transaction" | "connection"}`: the text of a filter. */
  follow(session, { row, what }) {
    return { text: session.table.follow(row, what === "connection") ?? "" };
  },
  /** `{text | expert, from, forward}`: `from` is a row; null if there is none. */
  async find(session, { text, expert, from, forward }) {
    const row = expert
      ? session.table.findExpert(from, forward)
      : await matchingRow(session, text, from, forward);
    return row === undefined ? null : { row, position: session.table.position(row) ?? null };
  },
  /** `{row}`: its position in the view; null if the filter leaves it out. */
  locate(session, { row }) {
    const position = session.table.position(row);
    return position === undefined ? null : { position };
  },
  stats(session) {
    return { ...session.state(), held: session.table.held, memory: session.memory.buffer.byteLength };
  },

  // Frames

  /** `{row}` */
  detail(session, { row }) {
    const bytes = session.table.bytesOf(row);
    const detail = json(session.table.detail(row));
    return detail && { row, bytes: bytes ?? new Uint8Array(), ...detail };
  },
  /** `{a, b}`: rows. */
  diff(session, { a, b }) {
    return json(session.table.diff(a, b));
  },
  /** `{row}`: a text to edit, for `encode`. */
  edit(session, { row }) {
    const detail = json(session.table.detail(row));
    return { protocol: detail?.protocol, json: session.table.edit(row) };
  },
  /** `{protocol, json}`; an error has its `offset` in the text. */
  encode(session, { protocol, json: text }) {
    return checkFilter(text, () => ({ bytes: Inspector.encode(protocol, text) }));
  },
  /** `{connection, direction, bytes}` */
  send(session, frame) {
    if (liveNow === null) {
      throw new Error("frames can be sent while a conversation is live");
    }
    return liveNow.send(frame);
  },

  // The whole

  /** `{limit?}`: how many to tell one by one. */
  experts(session, { limit = 2000 }) {
    return json(session.table.experts(limit));
  },
  connections(session) {
    return json(session.table.connections());
  },
  /** `{count}`: the answers that took longest. */
  slowest(session, { count }) {
    return { rows: json(session.table.slowest(count)) };
  },
  /** `{field, from?, to?, buckets}` of the view: `from` and `to` in microseconds, the
   * times of the answer in seconds since 1970. */
  plot: plotField,
  /** `{buckets}` of all rows. */
  rate(session, { buckets }) {
    const rate = session.table.rate(buckets);
    const { time, frames, bytes } = rate;
    rate.free();
    return { time: seconds(time), frames, bytes };
  },
  /** `{row, path}` */
  array(session, { row, path }) {
    return checkFilter(path, () => ({ values: session.table.array(row, path) }));
  },
  fields(session) {
    return json(session.table.fields());
  },
  /** `{format, rows: "view" | "all" | [row, ..]}` */
  export: exportRows,
};

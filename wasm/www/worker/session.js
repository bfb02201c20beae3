// One recording or live conversation: its table, the view of it that the page
// shows, and the work that goes on in the background.

import { Inspector } from "../wigwag.js";
import { Schedule, nextStep } from "./schedule.js";

/** The page is told at most this often, in milliseconds. */
const TELL = 50;
/** Rows of the first step; later ones follow what it took. */
const FIRST_STEP = 1000;

/** What the worker holds. */
export class Session {
  /** @type {Inspector} */
  table = new Inspector();
  name = "";
  /** @type {"off" | "connecting" | "on" | "lost"} */
  live = "off";
  /** Whether frames can be sent. */
  send = false;
  /** Counts what makes positions in the view mean other rows. */
  generation = 0;
  /** Counts openings: who reads for an older one has to stop. */
  opening = 0;
  /** Counts how often rows got other numbers without another opening. */
  renumbered = 0;

  #post;
  #schedule;
  #filter = "";
  #filtering = false;
  #total = null;
  #done = true;
  #error = null;
  /** The secrets that were given. */
  #keyLog = "";
  /** Makes a capture of packets, if the input is of those. */
  #packets = null;
  /** Rows of the view while it is paused. */
  #frozen = null;
  #timer = null;
  #told = 0;

  /** @param {(event: object) => void} post
   *  @param {(error: unknown) => void} failed
   *  @param {WebAssembly.Memory} memory the module's */
  constructor(post, failed, memory) {
    this.memory = memory;
    this.#post = post;
    this.#schedule = new Schedule(failed);
  }

  /** Begins anew, with the filter that there was.
   * @param {{ name?: string, kind?: string, protocol?: string, keyLog?: string,
   *   total?: number | null }} about */
  begin({ name = "", kind, protocol, keyLog, total = null } = {}) {
    const table = new Inspector(kind, protocol, keyLog);
    if (total) {
      table.expect(total);
    }
    this.table.free();
    this.table = table;
    this.#packets?.free();
    this.#packets = null;
    this.#keyLog = keyLog ?? "";
    this.#schedule.clear();
    this.name = name;
    this.generation += 1;
    this.#total = total;
    this.#done = false;
    this.#error = null;
    this.#frozen = null;
    table.filter(this.#filter);
    this.#version = 0;
    this.#filtering = false;
    this.tell();
  }

  /** Loads what reads packets, if an input that begins so is of those. Most are
   * not, and the module is half as large without. @param {Uint8Array} begin */
  async prepare(begin) {
    const { table } = this;
    const kind = table.needsPackets?.(begin.subarray(0, 4));
    if (kind === undefined) {
      return;
    }
    const { default: init, Packets } = await import("../packets.js");
    await init();
    if (this.table === table) {
      this.#packets = new Packets(kind, this.#keyLog);
    }
  }

  /** Takes bytes of the input. @param {Uint8Array} bytes */
  push(bytes) {
    if (this.#packets) {
      this.#read(this.#packets.push(bytes), bytes.length);
    } else {
      this.table.push(bytes);
    }
    this.#work();
  }

  /** Takes what the packets of so many bytes are. */
  #read(capture, bytes) {
    this.table.readPackets(capture, bytes);
    this.#packets.problems({ take: (offset, message) => this.table.problem(offset, message) });
  }

  /** The input has ended, or cannot be read on. @param {string | null} error */
  finish(error = null) {
    if (this.#packets) {
      this.#read(this.#packets.finish(), 0);
    }
    this.table.finish();
    this.#done = true;
    this.#error = error;
    this.#work();
  }

  /** The text of the filter. */
  get filterText() {
    return this.#filter;
  }

  /** Takes another filter; throws what is wrong with it, and keeps the old one. */
  setFilter(text) {
    this.table.filter(text);
    this.#filter = text;
    this.#anew();
  }

  /** The connection's bytes are read again as another protocol. */
  override(connection, protocol) {
    const known = this.table.overrideProtocol(connection, protocol);
    this.renumbered += 1;
    this.#anew();
    if (!known) {
      throw new Error("the bytes of this connection are not there any more: open the input again");
    }
  }

  /** Tells the table what time it is. */
  settle() {
    this.table.settle(Date.now() * 1000);
    this.#work();
  }

  /** Adds keys for bytes that come. @param {string} text */
  keyLog(text) {
    this.#keyLog += `${text}\n`;
    this.#packets?.addKeyLog(text);
    this.table.addKeyLog?.(text);
  }

  /** Holds the view still, or lets it go on. @param {boolean} on */
  pause(on) {
    this.#frozen = on ? this.table.viewRows : null;
    this.tell();
  }

  /** How many rows the page may ask for. */
  get viewRows() {
    return Math.min(this.#frozen ?? Infinity, this.table.viewRows);
  }

  /** Tells the page the state, soon. */
  tell() {
    if (this.#timer === null) {
      const wait = Math.max(0, this.#told + TELL - performance.now());
      this.#timer = setTimeout(() => this.#tellNow(), wait);
    }
  }

  /** What the page is told. */
  state() {
    const { table } = this;
    return {
      event: "state",
      name: this.name,
      kind: table.kind ?? null,
      rows: table.rows,
      viewRows: this.viewRows,
      bytes: table.bytes,
      total: this.#total,
      done: this.#done,
      error: this.#error,
      dropped: table.dropped,
      live: this.live,
      send: this.send,
      paused: this.#frozen !== null,
      generation: this.generation,
      renumbered: this.renumbered,
      filter: this.#filter,
      filtering: this.#filtering,
      problems: table.problemCount,
      examined: table.examined,
      first: table.firstTime,
      last: table.lastTime,
    };
  }

  #tellNow() {
    this.#timer = null;
    this.#told = performance.now();
    this.#post(this.state());
  }

  #anew() {
    this.generation += 1;
    this.#frozen = this.#frozen === null ? null : Infinity;
    this.#filtering = true;
    this.#work();
  }

  #work() {
    this.#schedule.add(this.#filterOn, true);
    this.#schedule.add(this.#examineOn);
    this.tell();
  }

  #version = 0;
  #filterRows = FIRST_STEP;
  #filterOn = () => {
    const begin = performance.now();
    const more = this.table.filterOn(this.#filterRows);
    this.#filterRows = nextStep(this.#filterRows, performance.now() - begin);
    this.#filtering = more;
    if (this.#version !== this.table.viewVersion) {
      this.#version = this.table.viewVersion;
      this.generation += 1;
    }
    this.tell();
    return more;
  };

  #examineRows = FIRST_STEP;
  #examineOn = () => {
    const begin = performance.now();
    const more = this.table.examine(this.#examineRows);
    this.#examineRows = nextStep(this.#examineRows, performance.now() - begin);
    if (!more) {
      // What was found out may be what the filter asks for.
      this.#schedule.add(this.#filterOn, true);
    }
    this.tell();
    return more;
  };
}

// One recording or live conversation: its table, the view of it that the page
// shows, and the work that goes on in the background.

import { Inspector } from "../wigwag.js";
import { Clock } from "./clock.js";
import { Errands } from "./errands.js";
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
  /** @type {"off" | "connecting" | "on" | "lost" | "ended"} */
  live = "off";
  /** Whether frames can be sent. */
  send = false;
  /** Counts what makes positions in the view mean other rows. */
  generation = 0;
  /** Counts openings: who reads for an older one has to stop. */
  opening = 0;
  /** Counts how often rows got other numbers without another opening. */
  renumbered = 0;
  /** What requests wait for. @type {Errands} */
  errands;

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
  #clock = new Clock();
  #timer = null;
  #told = 0;

  /** @param {(event: object) => void} post
   *  @param {(error: unknown) => void} failed
   *  @param {WebAssembly.Memory} memory the module's */
  constructor(post, failed, memory) {
    this.memory = memory;
    this.#post = post;
    this.#schedule = new Schedule(failed);
    this.errands = new Errands(this.#schedule);
  }

  /** Begins anew, with the filter that there was. `bookmark`: it stays paused there.
   * @param {{ name?: string, kind?: string, protocol?: string, keyLog?: string,
   *   total?: number | null, bookmark?: number }} about */
  begin({ name = "", kind, protocol, keyLog, total = null, bookmark } = {}) {
    const table = new Inspector(kind, protocol, keyLog);
    if (total) {
      table.expect(total);
    }
    table.bookmark = bookmark;
    this.errands.end("something else was opened");
    this.table.free();
    this.table = table;
    this.#clock = new Clock();
    this.#packets?.free();
    this.#packets = null;
    this.#keyLog = keyLog ?? "";
    this.#schedule.clear();
    this.name = name;
    this.generation += 1;
    this.#total = total;
    this.#done = false;
    this.#error = null;
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
    this.#clock.heard(this.table.lastHeard);
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
    this.errands.end("the rows have other numbers now");
    this.renumbered += 1;
    this.#anew();
    if (!known) {
      throw new Error("the bytes of this connection are not there any more: open the input again");
    }
  }

  /** Tells the table what time it is where it is recorded. */
  settle() {
    const now = this.#clock.now();
    if (!Number.isNaN(now)) {
      this.table.settle(now);
      this.#work();
    }
  }

  /** Adds keys for bytes that come. @param {string} text */
  keyLog(text) {
    this.#keyLog += `${text}\n`;
    this.#packets?.addKeyLog(text);
    this.table.addKeyLog?.(text);
  }

  /** Holds the view still, or lets it go on. What comes later than now stays out of
   * it, whatever is filtered meanwhile. @param {boolean} on */
  pause(on) {
    this.table.bookmark = on ? this.table.rows : undefined;
    this.tell();
  }

  /** How many rows the page may ask for. */
  get viewRows() {
    const { bookmark } = this.table;
    return bookmark === undefined ? this.table.viewRows : this.table.viewRowsBefore(bookmark);
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
      paused: table.bookmark !== undefined,
      generation: this.generation,
      renumbered: this.renumbered,
      filter: this.#filter,
      hint: this.#hint(),
      filtering: this.#filtering,
      problems: table.problemCount,
      examined: table.examined,
      first: table.firstTime,
      last: table.lastTime,
    };
  }

  #hinted = { at: "", text: "" };
  /** Of a filter that lets nothing pass: what may have been meant. */
  #hint() {
    const { table } = this;
    if (this.#filtering || this.#filter === "" || table.rows === 0 || table.viewRows > 0) {
      return "";
    }
    // It looks at all rows: once for those that there are.
    const at = `${this.generation} ${table.rows}`;
    if (this.#hinted.at !== at) {
      this.#hinted = { at, text: table.filterHint() };
    }
    return this.#hinted.text;
  }

  #tellNow() {
    this.#timer = null;
    this.#told = performance.now();
    this.#post(this.state());
  }

  #anew() {
    this.generation += 1;
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

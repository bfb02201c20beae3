// A conversation as it happens, from the page's own server.

/** The first wait before connecting again, and the longest, in milliseconds. */
const FIRST_WAIT = 500;
const LAST_WAIT = 15_000;
/** A connection that held for so long was a good one. */
const STABLE = 10_000;
/** How often the table is told what time it is. */
const TICK = 1000;

/** Follows a WebSocket whose binary messages, one after another, are a capture.
 * After a cut the server sends what it holds from the beginning: so does the table. */
export class Live {
  #session;
  #about;
  #url;
  #socket = null;
  #wait = FIRST_WAIT;
  #timer = null;
  #tick;
  #sent = new Map();
  #last = 0;

  /** @param {import("./session.js").Session} session
   *  @param {{ url: string, name?: string, keyLog?: string }} about */
  constructor(session, { url, ...about }) {
    this.#session = session;
    this.#about = about;
    this.#url = new URL(url, self.location.href);
    this.#url.protocol = this.#url.protocol.replace("http", "ws");
    session.opening += 1;
    session.begin({ ...about, kind: "capture" });
    this.#tick = setInterval(() => session.settle(), TICK);
    this.#connect();
  }

  /** Ends it; what there is stays. */
  close() {
    clearTimeout(this.#timer);
    clearInterval(this.#tick);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#unanswered();
    this.#say("off");
  }

  /** Asks the server to write bytes into a connection.
   * @param {{ connection: number, direction: number, bytes: Uint8Array }} frame */
  send({ connection, direction, bytes }) {
    if (this.#socket?.readyState !== WebSocket.OPEN) {
      throw new Error("there is no connection to the server now");
    }
    const n = ++this.#last;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    this.#socket.send(JSON.stringify({ send: { n, connection, direction, hex } }));
    return new Promise((resolve, reject) => this.#sent.set(n, { resolve, reject }));
  }

  #connect() {
    const socket = new WebSocket(this.#url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    let opened = 0;
    let first = true;
    this.#say(this.#session.live === "lost" ? "lost" : "connecting");
    socket.onopen = () => {
      opened = performance.now();
      this.#say("on");
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) {
        return;
      }
      if (typeof data === "string") {
        this.#told(JSON.parse(data));
        return;
      }
      if (first && this.#session.table.bytes > 0) {
        this.#session.renumbered += 1;
        const { bookmark } = this.#session.table;
        this.#session.begin({ ...this.#about, kind: "capture", bookmark });
      }
      first = false;
      this.#session.push(new Uint8Array(data));
    };
    socket.onclose = () => {
      if (socket === this.#socket) {
        this.#lost(opened > 0 && performance.now() - opened > STABLE);
        if (opened === 0) {
          this.#ask();
        }
      }
    };
  }

  /** Why it did not open: a browser does not tell. A server that was started again
   * may have another token. */
  async #ask() {
    const url = new URL("state", self.location.href);
    url.search = this.#url.search;
    const answer = await fetch(url, { cache: "no-store" }).catch(() => null);
    if (answer?.status === 403 && this.#socket === null && this.#session.live === "lost") {
      clearTimeout(this.#timer);
      this.#say("ended");
    }
  }

  #told({ hello, sent, refused, n }) {
    if (hello) {
      this.#session.send = hello.send === true;
      this.#session.tell();
    } else if (sent !== undefined) {
      this.#sent.get(sent)?.resolve({});
      this.#sent.delete(sent);
    } else if (refused !== undefined) {
      this.#sent.get(n)?.reject(new Error(refused));
      this.#sent.delete(n);
    }
  }

  #lost(stable) {
    this.#socket = null;
    this.#unanswered();
    this.#session.send = false;
    this.#say("lost");
    if (stable) {
      this.#wait = FIRST_WAIT;
    }
    // Between half of it and all of it, so that many pages do not come at once.
    const wait = this.#wait * (0.5 + Math.random() / 2);
    this.#wait = Math.min(this.#wait * 2, LAST_WAIT);
    this.#timer = setTimeout(() => this.#connect(), wait);
  }

  #unanswered() {
    const sent = [...this.#sent.values()];
    this.#sent.clear();
    for (const { reject } of sent) {
      reject(new Error("the connection was lost before the server answered: it may have been sent"));
    }
  }

  #say(live) {
    this.#session.live = live;
    this.#session.tell();
  }
}

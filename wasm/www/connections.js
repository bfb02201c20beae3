import { setFilter, tryCall } from "./actions.js";
import { choice } from "./dialog.js";
import { button, el } from "./dom.js";
import { count, hasClock, moment, rfc3339, size } from "./format.js";
import { PROTOCOL_CHOICES } from "./inputs.js";
import { model } from "./model.js";
import { whileSeen } from "./refresh.js";
import { PROTOCOLS } from "./words.js";

/** The tab that lists the connections of the input. */
export class Connections {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.body = el("tbody");
    host.append(
      el(
        "table",
        { class: "table" },
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            ...["No.", "Protocol", "Device", "Server", "Frames", "Bytes", "Began", "Ended", "Because", "Show"].map((text) =>
              el("th", { scope: "col", text }),
            ),
          ),
        ),
        this.body,
      ),
    );
    whileSeen("connections", () => this.ask(), 1000);
  }

  async ask() {
    if (this.body.contains(document.activeElement) && document.activeElement?.tagName === "SELECT") return;
    const connections = await model.engine.call("connections", {});
    const at = [...this.body.querySelectorAll("button")].indexOf(/** @type {any} */ (document.activeElement));
    this.body.replaceChildren(...connections.slice(0, 1000).map((/** @type {any} */ c) => this.line(c)));
    this.body.querySelectorAll("button")[at]?.focus();
  }

  /** @param {any} c */
  line(c) {
    const protocol = choice(
      PROTOCOL_CHOICES,
      typeof c.protocol === "number" ? (c.protocol ? PROTOCOLS[c.protocol] : "") : (c.protocol ?? ""),
      {
        "aria-label": `Protocol of connection ${c.id}`,
        onchange: () => tryCall("protocol", { connection: c.id, protocol: protocol.value }),
      },
    );
    const when = (/** @type {number} */ us) =>
      el("td", { text: us ? moment(us, "absolute", 0) : "", title: us && hasClock(us) ? rfc3339(us) : null });
    return el(
      "tr",
      {},
      el("th", { scope: "row", text: count(c.id) }),
      el("td", {}, protocol, " ", el("small", { class: "quiet-text", text: c.why })),
      el("td", { text: c.device }),
      el("td", { text: c.server }),
      el("td", { class: "end", text: count(c.frames) }),
      el("td", { class: "end", text: size(c.bytes) }),
      when(c.began),
      when(c.ended),
      el("td", { text: c.ended ? c.reason || "ended" : "open" }),
      el(
        "td",
        {},
        button({ icon: "follow", class: "small", text: "Only this", title: `Show only connection ${c.id}` }, () =>
          setFilter(`connection == ${c.id}`),
        ),
      ),
    );
  }
}

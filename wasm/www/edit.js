import { choice, field } from "./dialog.js";
import { button, el, setText } from "./dom.js";
import { count, counted, hex } from "./format.js";
import { readScalars, writeScalar } from "./jsonform.js";
import { model } from "./model.js";
import { copy, toast } from "./say.js";
import { settled } from "./signal.js";

/** The tab to change a frame: as JSON, or field by field; encoded as one types, and sent when live. */
export class Edit {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.from = el("span", { class: "quiet-text" });
    this.json = el("textarea", {
      class: "mono",
      spellcheck: "false",
      "aria-label": "The frame as JSON",
      oninput: () => this.changed(),
    });
    this.form = el("div", { class: "scalars", role: "group", "aria-label": "Fields" });
    this.error = el("div", { class: "filter-error", role: "alert", hidden: true });
    this.preview = el("code", { class: "preview", "aria-label": "Encoded bytes" });
    this.length = el("span", { class: "quiet-text" });
    this.connection = choice([], "", { "aria-label": "Connection" });
    this.direction = choice(
      [
        ["1", "to the device"],
        ["0", "to the server"],
      ],
      "1",
      { "aria-label": "Direction" },
    );
    this.sendButton = button({ text: "Send", class: "main-button small" }, () => this.send());
    this.why = el("span", { class: "quiet-text" });
    const take = button({ icon: "edit", class: "small", text: "Take the selected frame" }, () => this.take());
    host.append(
      el(
        "div",
        { class: "panel-head" },
        take,
        this.from,
        el("span", { class: "space" }),
        this.connection,
        this.direction,
        this.sendButton,
        this.why,
      ),
      el("div", { class: "edit-parts" }, this.json, this.form),
      this.error,
      el(
        "div",
        { class: "panel-head" },
        this.length,
        button({ icon: "copy", class: "small", text: "Copy hex" }, () => this.copyBytes()),
      ),
      this.preview,
    );
    this.protocol = "";
    this.bytes = new Uint8Array();
    this.encodeSoon = settled(() => this.encodeNow(), 150);
    model.source.watch(() => this.sendable());
    model.tab.watch((tab) => {
      if (tab === "edit" && !this.json.value) this.take();
      if (tab === "edit") this.listConnections();
    });
  }

  async take() {
    const row = model.row.value;
    if (row === null) return setText(this.from, "Select a frame first.");
    try {
      const { protocol, json } = await model.engine.call("edit", { row });
      this.protocol = protocol;
      this.json.value = json;
      const { connection, direction } = model.detail.value ?? {};
      setText(this.from, `from frame ${count(row + 1)}`);
      await this.listConnections();
      if (connection !== undefined) this.connection.value = String(connection);
      if (direction !== undefined) this.direction.value = String(direction);
      this.changed();
    } catch (error) {
      this.fail(error);
    }
  }

  async listConnections() {
    const chosen = this.connection.value;
    const connections = await model.engine.call("connections", {}).catch(() => []);
    const open = connections.filter((/** @type {any} */ c) => !c.ended);
    this.connection.replaceChildren(
      ...open.map((/** @type {any} */ c) => el("option", { value: c.id, text: `connection ${c.id} ${c.device}` })),
    );
    if (open.some((/** @type {any} */ c) => String(c.id) === chosen)) this.connection.value = chosen;
    this.sendable();
  }

  changed() {
    this.drawForm();
    this.encode();
  }

  /** What was encoded before is not what stands there now: it is not sent any more. */
  encode() {
    this.bytes = new Uint8Array();
    this.sendable();
    this.encodeSoon();
  }

  /** One line for each single value in the JSON. */
  drawForm() {
    if (this.form.contains(document.activeElement)) return;
    const scalars = readScalars(this.json.value);
    this.form.replaceChildren(
      ...(scalars ?? []).slice(0, 60).map((scalar) => {
        const input = el("input", {
          type: "text",
          class: "mono",
          spellcheck: "false",
          value: scalar.text,
          oninput: () => {
            this.json.value = writeScalar(this.json.value, scalar.path, input.value) ?? this.json.value;
            this.encode();
          },
        });
        return field(scalar.name, input);
      }),
    );
  }

  async encodeNow() {
    const json = this.json.value;
    if (!json.trim()) return;
    try {
      const { bytes } = await model.engine.call("encode", { protocol: this.protocol, json });
      if (json !== this.json.value) return;
      this.bytes = bytes;
      this.error.hidden = true;
      setText(this.length, `${counted(bytes.length, "byte")}, encoded`);
      setText(this.preview, hex(bytes.subarray(0, 2048), " ") + (bytes.length > 2048 ? " …" : ""));
    } catch (error) {
      if (json === this.json.value) this.fail(error);
    }
    this.sendable();
  }

  async copyBytes() {
    await this.encodeNow();
    if (this.bytes.length) copy(hex(this.bytes), "Bytes");
  }

  /** @param {any} error */
  fail(error) {
    this.bytes = new Uint8Array();
    this.error.hidden = false;
    const at = error.start ?? error.offset ?? error.position;
    setText(this.error, Number.isFinite(at) ? `${error.message} (at character ${at})` : error.message);
    setText(this.preview, "");
    setText(this.length, "");
    this.sendable();
  }

  sendable() {
    const { live, send } = model.source.value;
    const why =
      live !== "on"
        ? "Frames can be sent while the view is live."
        : !send
          ? "This server does not take frames."
          : !this.connection.value
            ? "No connection is open."
            : "";
    this.connection.hidden = this.direction.hidden = this.sendButton.hidden = live !== "on" || !send;
    this.sendButton.disabled = Boolean(why) || !this.bytes.length;
    setText(this.why, why);
  }

  async send() {
    try {
      await model.engine.call("send", {
        connection: Number(this.connection.value),
        direction: Number(this.direction.value),
        bytes: this.bytes,
      });
      toast("Sent");
    } catch (error) {
      this.fail(error);
    }
  }
}

import { followRow, jumpToPair, mark, narrow, setFilter, tryCall } from "./actions.js";
import { Bytes } from "./bytes.js";
import { button, el, setText } from "./dom.js";
import { NO_ROW, count, counted, duration, hasClock, hex, moment, rfc3339 } from "./format.js";
import { PROTOCOL_CHOICES } from "./inputs.js";
import { openMenu } from "./menu.js";
import { model } from "./model.js";
import { copy, toast } from "./say.js";
import { Tree, pathOf } from "./tree.js";
import { MARKS, PROTOCOLS, UNTYPED, arrow, family, notes, way } from "./words.js";

/** The tab with what is in the selected frame: tree and bytes, side by side. */
export class Detail {
  /** @param {HTMLElement} host */
  constructor(host) {
    const title = el("div", { class: "frame-title" });
    const said = el("div", { class: "frame-notes" });
    const path = el("code", { class: "path" });
    const halves = el("div", { class: "halves" });
    const nothing = el("p", { class: "none", text: "Select a frame: with the mouse, or with j and k." });
    const whole = el("div", { class: "frame", hidden: true }, title, said, halves, path);
    host.append(nothing, whole);
    const hidden = button(
      {
        icon: "close",
        class: "small on",
        id: "hidden-by-filter",
        text: "Hidden by the filter: show all",
        title: "Take the filter away (Escape in the list)",
      },
      () => setFilter(""),
    );
    const about = el("span", { class: "quiet-text" });
    const tell = () => {
      if (model.detail.value) setText(about, position(model.detail.value));
    };
    model.connections.changes(tell);
    const lookFor = () => {
      hidden.hidden = model.position.value >= 0 || !model.filter.value;
    };
    model.position.watch(lookFor);
    model.filter.changes(lookFor);
    this.tree = new Tree(halves);
    this.bytes = new Bytes(halves);
    model.detail.watch((detail) => {
      nothing.hidden = Boolean(detail);
      whole.hidden = !detail;
      if (!detail) return;
      tell();
      title.replaceChildren(...headline(detail, about, hidden));
      const { severity } = notes(detail.flags)[0] ?? { severity: "note" };
      const line = (/** @type {string} */ text) =>
        el(
          "div",
          { class: `said ${severity}` },
          el("span", { class: "mark", "aria-hidden": "true", text: MARKS[severity] }),
          text,
        );
      said.replaceChildren(...(detail.notes ?? []).map(line));
    });
    const showPath = () => {
      const node = model.detail.value?.nodes[model.hovered.value >= 0 ? model.hovered.value : model.node.value];
      setText(path, node ? `${pathOf(node)}   ${counted(node.end - node.start, "byte")} from ${node.start}` : " ");
    };
    for (const signal of [model.detail, model.node, model.hovered]) signal.watch(showPath);
  }
}

/** Where a frame stands. @param {any} detail */
function position({ row, direction, bytes, length, connection }) {
  const device = model.connections.value.get(connection)?.device;
  return `frame ${count(row + 1)} · ${arrow(direction)} ${way(direction)} · ${counted(length ?? bytes.length, "byte")} · connection ${connection}${device ? ` (${device})` : ""}`;
}

/**
 * @param {any} detail
 * @param {HTMLElement} about where it stands
 * @param {HTMLElement} hidden says that the frame is not in the list
 */
function headline(detail, about, hidden) {
  const { typeName, id, time, pair, latency } = detail;
  const protocol = PROTOCOLS.indexOf(detail.protocol);
  const kind = el("strong", { class: "type", text: typeName || UNTYPED[protocol] });
  kind.dataset.family = family(protocol, detail.kind);
  return [
    kind,
    el("span", { text: `${id}` }),
    about,
    el("time", {
      class: "quiet-text",
      text: hasClock(time) ? moment(time, "absolute", 0) : "",
      title: hasClock(time) ? rfc3339(time) : null,
    }),
    button(
      {
        icon: "down",
        class: "small protocol",
        text: new Map(PROTOCOL_CHOICES).get(detail.protocol) ?? detail.protocol,
        title: `Connection ${detail.connection} is read as this: ${model.connections.value.get(detail.connection)?.why ?? ""}`,
        "aria-haspopup": "menu",
      },
      (e) => openMenu(/** @type {any} */ (e.currentTarget), protocolItems(detail)),
    ),
    pair !== NO_ROW &&
      button(
        {
          icon: "pair",
          class: "small",
          text:
            pair > detail.row
              ? `answered by ${count(pair + 1)}${Number.isFinite(latency) ? ` after ${duration(latency)}` : ""}`
              : Number.isFinite(latency)
                ? `${duration(latency)} after ${count(pair + 1)}`
                : `answers ${count(pair + 1)}`,
          title: "Go to the other half (p)",
        },
        jumpToPair,
      ),
    hidden,
    el("span", { class: "space" }),
    button(
      {
        icon: "follow",
        class: "small brief",
        text: "Follow",
        title: "Show only this transaction (f) or connection (F)",
        "aria-haspopup": "menu",
      },
      (e) =>
        openMenu(/** @type {any} */ (e.currentTarget), [
          { text: "This transaction", key: "f", run: () => followRow("transaction") },
          { text: "This connection", key: "F", run: () => followRow("connection") },
        ]),
    ),
    button(
      { icon: "copy", class: "small brief", text: "Copy", title: "Copy (c)", id: "copy", "aria-haspopup": "menu" },
      (e) => openMenu(/** @type {any} */ (e.currentTarget), copyItems()),
    ),
    button({ class: "small", text: "A", title: "Compare: this is A (a)" }, () => mark("a")),
    button({ class: "small", text: "B", title: "Compare: this is B (b)" }, () => mark("b")),
    button({ icon: "edit", class: "small brief", text: "Edit", title: "Edit and send (Tab “Edit & send”)" }, () => {
      model.tab.value = "edit";
    }),
  ].filter(Boolean);
}

/** What a connection can be read as. @param {any} detail */
function protocolItems({ connection, protocol: now }) {
  return [
    `Read connection ${connection} as`,
    ...PROTOCOL_CHOICES.map(([protocol, text]) => ({
      text,
      checked: protocol === now,
      run: () => tryCall("protocol", { connection, protocol }),
    })),
  ];
}

/** What can be copied of the selected field and frame. */
export function copyItems() {
  const detail = model.detail.value;
  if (!detail) return [{ text: "Select a frame first", off: true, run() {} }];
  const node = detail.nodes[model.node.value];
  const part = node && detail.bytes.subarray(node.start, node.end);
  return [
    ...(node
      ? [
          "Field",
          { text: "Value", run: () => copy(node.value, "Value") },
          { text: "Path", run: () => copy(pathOf(node), "Path") },
          { text: "Bytes as hex", run: () => copy(hex(part), "Bytes") },
          { text: "Filter for it", run: () => filterFor(node) },
          { text: "Plot it", off: !PLOTTED[node.kind], run: () => plot(node) },
        ]
      : []),
    "Frame",
    { text: "JSON", run: () => copy(detail.json, "JSON") },
    { text: "Bytes as hex", run: () => copy(hex(detail.bytes), "Frame") },
    { text: "Bytes as hex with spaces", run: () => copy(hex(detail.bytes, " "), "Frame") },
  ];
}

/** How fields of these kinds are plotted. */
const PLOTTED = /** @type {Record<string, "field" | "array">} */ ({
  integer: "field",
  float: "field",
  word: "field",
  list: "array",
  numbers: "array",
});

/** Plots a field over time, or an array as a line. @param {import("./treemath.js").TreeNode} node */
function plot(node) {
  model.plotted.value = { mode: PLOTTED[node.kind], path: pathOf(node) };
  model.tab.value = "plot";
}

/** Narrows the filter to frames whose field has the same value. @param {import("./treemath.js").TreeNode} node */
function filterFor(node) {
  if (!node.path || node.value === "") return toast("This field has no value to filter for");
  const text = /^(-?\d+(\.\d+)?([eE][-+]?\d+)?|true|false|null|".*")$/s.test(node.value)
    ? node.value
    : JSON.stringify(node.value);
  return narrow(`${node.path} == ${text}`);
}

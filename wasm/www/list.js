import { jumpToPair, refreshDetail, relocate, select, setFilter } from "./actions.js";
import { columnsOf, header } from "./header.js";
import { button, el, setText } from "./dom.js";
import { NO_ROW, SLOW, count, duration, hasClock, latencyShare, moment, rfc3339 } from "./format.js";
import { readAsDialog } from "./inputs.js";
import { model } from "./model.js";
import { Rows } from "./rows.js";
import { say } from "./say.js";
import { Virtual } from "./virtual.js";
import { MARKS, UNTYPED, arrow, family, notes, way } from "./words.js";

/** The list of frames: a grid of which only the rows in sight exist. */
export class List {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    this.grid = el("div", {
      class: "grid",
      id: "grid",
      role: "grid",
      tabindex: "0",
      "aria-label": "Frames",
      "aria-multiselectable": "false",
      onclick: (/** @type {Event} */ e) => this.click(e),
      ondblclick: () => {
        model.tab.value = "detail";
      },
    });
    this.grid.append(header());
    this.newer = button(
      { icon: "tail", text: "", class: "newer", hidden: true, title: "Go to the newest frame (End)" },
      () => this.goEnd(),
    );
    this.why = el("span");
    this.show = button({ icon: "close", class: "small", text: "Take the filter away", title: "Escape" }, () => {
      setFilter("");
      this.grid.focus();
    });
    this.again = button({ icon: "edit", class: "small", text: "Read it another way …" }, readAsDialog);
    this.none = el("div", { class: "none", hidden: true }, this.why, " ", this.show, this.again);
    host.append(this.grid, this.newer, this.none);
    this.rows = new Rows(
      (from, to) => model.engine.call("window", { from, to }),
      () => this.virtual.refresh(),
    );
    this.virtual = new Virtual(this.grid, {
      make: () => el("div", { class: "row", role: "row" }),
      draw: (row, index) => this.draw(row, index),
      seen: (from, to) => this.rows.want(Math.max(0, from - 1), to),
      moved: (byPerson) => this.moved(byPerson),
    });
    this.generation = -1;
    /** Whether a filter is at work and nobody has moved the list since it began. */
    this.settling = false;
    this.seenRows = 0;
    this.told = "";
    model.source.watch((state) => this.took(state));
    for (const signal of [model.row, model.marks, model.time, model.columns, model.given, model.connections])
      signal.changes(() => this.virtual.refresh());
    model.position.changes(() => this.revealSelected());
    model.follow.watch((on) => {
      this.virtual.stick = on;
      if (on) this.goEnd();
    });
    const place = () => {
      this.grid.style.setProperty("--tracks", columnsOf());
      this.grid.style.setProperty("--least", columnsOf.least());
    };
    model.columns.watch(place);
    model.given.changes(place);
    new ResizeObserver(() => {
      const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
      if (this.grid.clientWidth) columnsOf.fit(this.grid.clientWidth / rem);
    }).observe(this.grid);
  }

  /** @param {import("./model.js").SourceState} state */
  took(state) {
    // The worker also tells what the list does not show.
    const { generation, rows, viewRows, examined, done, filtering, live, problems } = state;
    // While it is live, time alone makes frames late and unanswered.
    const second = live === "on" ? Math.floor(performance.now() / 1000) : 0;
    const now = [generation, rows, viewRows, examined, done, filtering, live, problems, model.opened.value, second].join();
    if (now === this.told) return;
    this.told = now;
    if (state.generation !== this.generation) {
      this.generation = state.generation;
      this.rows.clear();
      this.rows.count = state.viewRows;
      this.virtual.place(model.follow.value ? Infinity : 0);
      this.settling = true;
      this.relocateSelected();
    } else if (this.settling && !filtering) this.relocateSelected();
    else if (model.position.value < 0 && model.row.value !== null) relocate();
    this.settling &&= filtering;
    this.rows.stale(state.viewRows);
    // At the end of a live view, rows are drawn when they are there: no row flashes empty.
    const grow = () => this.virtual.setCount(model.source.value.viewRows);
    const tail = state.viewRows - this.virtual.page() - 4;
    if (model.follow.value) this.rows.want(Math.max(0, tail), state.viewRows).then(grow);
    else grow();
    this.grid.setAttribute("aria-rowcount", String(state.viewRows + 1));
    if (this.virtual.atEnd()) this.seenRows = state.viewRows;
    this.count();
    this.none.hidden = !model.opened.value || !(done || live !== "off") || filtering || viewRows > 0;
    setText(this.why, noRows(state));
    this.show.hidden = !rows;
    this.again.hidden = rows > 0 || live !== "off" || !problems;
  }

  /** What a person has selected is not lost out of sight when the filter changes. */
  async relocateSelected() {
    await relocate();
    this.revealSelected();
  }

  /** Shows the selected row; the list no longer follows when others come behind it. */
  revealSelected() {
    const { value: position } = model.position;
    if (position < 0) return;
    const { viewRows } = model.source.value;
    if (position < viewRows - 1) model.follow.value = false;
    // The worker may place a row before it has told how many there are, and the list
    // may not have grown to it.
    this.virtual.setCount(Math.max(viewRows, position + 1));
    this.virtual.reveal(position, 2);
  }

  /** Says how many frames came below what is in sight. */
  count() {
    const fresh = model.source.value.viewRows - this.seenRows;
    this.newer.hidden = !(fresh > 0 && model.source.value.live !== "off" && !model.follow.value);
    setText(this.newer.querySelector("span") ?? this.newer.appendChild(el("span")), `${count(fresh)} new`);
  }

  /** @param {boolean} byPerson */
  moved(byPerson) {
    if (byPerson) this.settling = false;
    if (byPerson && model.source.value.live !== "off") model.follow.value = this.virtual.atEnd();
    if (this.virtual.atEnd()) this.seenRows = model.source.value.viewRows;
    this.count();
  }

  goEnd() {
    this.virtual.place(Infinity);
    if (model.source.value.live !== "off") model.follow.value = true;
  }

  /** @param {Event} event */
  async click(event) {
    const index = this.virtual.indexOf(event);
    const row = index < 0 ? null : this.rows.at(index);
    if (!row) return;
    const pairing = event.target instanceof Element && event.target.closest("[data-pair]");
    await select(row.row, index);
    if (pairing) await jumpToPair();
  }

  /** Selects by place in the view. @param {number} position */
  async selectAt(position) {
    const last = model.source.value.viewRows - 1;
    if (last < 0) return;
    const wanted = Math.min(Math.max(0, position), last);
    let row = this.rows.at(wanted)?.row;
    if (row === undefined) row = (await model.engine.call("window", { from: wanted, to: wanted + 1 })).rows[0];
    if (row === undefined) return;
    await select(row, wanted);
    const known = this.rows.at(wanted);
    if (known) say(`Frame ${row + 1}, ${known.typeName} ${known.id}, ${way(known.direction)}, ${known.summary}`);
  }

  /** Keys while the list has the focus. @param {KeyboardEvent} event @returns {boolean} whether it was one of the list's */
  key(event) {
    const at = model.position.value;
    const page = this.virtual.page();
    const to = {
      ArrowDown: at + 1,
      j: at + 1,
      ArrowUp: at - 1,
      k: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: Infinity,
    }[event.key];
    if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return false;
    if (event.key === "End") this.goEnd();
    this.selectAt(at < 0 && to < Infinity && event.key !== "Home" ? Math.ceil(this.virtual.top) : to);
    return true;
  }

  /** @param {HTMLElement} node @param {number} index */
  draw(node, index) {
    const data = this.rows.at(index);
    const { a, b } = model.marks.value;
    const selected = data !== null && data.row === model.row.value;
    node.id = `frame-${index}`;
    node.setAttribute("aria-rowindex", String(index + 2));
    node.setAttribute("aria-selected", String(selected));
    if (selected) this.grid.setAttribute("aria-activedescendant", node.id);
    node.classList.toggle("selected", selected);
    node.classList.toggle("odd", index % 2 === 1);
    node.classList.toggle("other-half", data !== null && data.pair !== NO_ROW && data.pair === model.row.value);
    if (data) node.dataset.row = String(data.row);
    else delete node.dataset.row;
    node.dataset.family = data ? family(data.protocol, data.kind) : "";
    node.dataset.mark = data ? (data.row === a ? "A" : data.row === b ? "B" : "") : "";
    this.cells(node, data, index);
    const known = model.detail.value;
    if (selected && known && known.row === data.row && (known.pair !== data.pair || known.flags !== data.flags))
      refreshDetail();
  }

  /** @param {HTMLElement} node @param {any} data @param {number} index */
  cells(node, data, index) {
    const shown = columnsOf.list();
    if (node.childElementCount !== shown.length || node.dataset.columns !== columnsOf.key()) {
      node.dataset.columns = columnsOf.key();
      node.replaceChildren(
        ...shown.map(({ column }, i) =>
          el("div", {
            role: "gridcell",
            "aria-colindex": i + 1,
            class: `cell c-${column.id}${column.end ? " end" : ""}`,
          }),
        ),
      );
    }
    shown.forEach(({ column }, i) =>
      fillCell(/** @type {HTMLElement} */ (node.children[i]), column.id, data, index, this.rows),
    );
  }
}

/** Why the list is empty. @param {import("./model.js").SourceState} state */
function noRows({ rows, live, problems, hint }) {
  if (rows) return `No frame passes the filter: 0 of ${count(rows)}${hint ? `; ${hint}` : ""}.`;
  if (live !== "off") return "No frame has come yet.";
  return problems ? "No frame could be read. What is wrong is said under Expert." : "There is no frame in it.";
}

/** @param {HTMLElement} cell @param {string} id @param {any} data @param {number} index @param {Rows} rows */
function fillCell(cell, id, data, index, rows) {
  if (!data) return setText(cell, id === "summary" ? "…" : "");
  switch (id) {
    case "row":
      return setText(cell, count(data.row + 1));
    case "time": {
      const mode = model.time.value;
      const from =
        mode === "delta" ? (index ? (rows.at(index - 1)?.time ?? NaN) : data.time) : model.source.value.first;
      setText(cell, moment(data.time, mode, from));
      cell.title = hasClock(data.time) ? rfc3339(data.time) : "The input has no times: bytes from its begin";
      return;
    }
    case "connection":
      cell.title = model.connections.value.get(data.connection)?.device ?? "";
      return setText(cell, String(data.connection));
    case "direction":
      setText(cell, arrow(data.direction));
      cell.ariaLabel = way(data.direction);
      cell.title = way(data.direction);
      cell.dataset.way = String(data.direction);
      return;
    case "type":
      return setText(cell, data.typeName || UNTYPED[data.protocol]);
    case "length":
      return setText(cell, count(data.length));
    case "latency":
      return fillLatency(cell, data);
    case "notes":
      return fillNotes(cell, data.flags);
    default:
      return setText(cell, String(data[id]));
  }
}

/** @param {HTMLElement} cell @param {any} data */
function fillLatency(cell, data) {
  const known = Number.isFinite(data.latency) && hasClock(data.time);
  const slow = known && data.latency >= SLOW;
  setText(cell, known ? `${slow ? "▲ " : ""}${duration(data.latency)}` : data.pair === NO_ROW ? "" : "⇄");
  cell.classList.toggle("slow", slow);
  cell.style.setProperty("--bar-length", String(known ? latencyShare(data.latency) : 0));
  if (data.pair === NO_ROW) {
    delete cell.dataset.pair;
    cell.title = "";
  } else {
    cell.dataset.pair = String(data.pair);
    cell.title = `${slow ? "Slow. " : ""}Go to the other half, frame ${count(data.pair + 1)} (p)`;
  }
}

/** @param {HTMLElement} cell @param {number} flags */
function fillNotes(cell, flags) {
  if (cell.dataset.flags === String(flags)) return;
  cell.dataset.flags = String(flags);
  const said = notes(flags);
  cell.replaceChildren(
    ...said.map(({ word, severity }) =>
      el(
        "span",
        { class: `note ${severity}`, title: word },
        el("span", { class: "mark", "aria-hidden": "true", text: MARKS[severity] }),
        word,
      ),
    ),
  );
  cell.title = said.map(({ word }) => word).join(", ");
}

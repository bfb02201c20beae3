import { narrow, setFilter } from "./actions.js";
import { choice } from "./dialog.js";
import { button, el, setText } from "./dom.js";
import { count, rfc3339, tick } from "./format.js";
import { loadPlotter } from "./lazy.js";
import { model } from "./model.js";
import { whileSeen } from "./refresh.js";
import { timeTerm, wholeTime } from "./timeterm.js";

/** Points across the plot. */
const BUCKETS = 800;

const MODES = /** @type {[string, string][]} */ ([
  ["rate", "frames per second"],
  ["bytes", "bytes per second"],
  ["latency", "latency"],
  ["length", "length"],
  ["field", "a field"],
  ["array", "an array of the selected frame"],
]);

/** Parts of the rate: seconds, where that gives a plot; what lasts longer has coarser parts. @param {number} first @param {number} last */
function rateParts(first, last) {
  return Math.round(Math.min(400, Math.max(30, (last - first) / 1e6 || 0)));
}

/** The tab with plots over time; dragging over a plot filters by the time it covers. */
export class Plot {
  /** @param {HTMLElement} host */
  constructor(host) {
    const again = () => this.turn();
    this.mode = choice(MODES, "rate", { "aria-label": "What to plot", onchange: again });
    this.path = el("input", {
      type: "text",
      class: "mono",
      list: "plot-fields",
      spellcheck: "false",
      "aria-label": "Path of the field",
      placeholder: "payload[0].values[0][1]",
      onchange: again,
    });
    this.paths = el("datalist", { id: "plot-fields" });
    this.said = el("span", { class: "quiet-text", role: "status" });
    this.whole = button({ icon: "close", class: "small", text: "Whole time", hidden: true }, () =>
      setFilter(wholeTime(model.filter.value)),
    );
    this.canvas = el("div", { class: "plot-area" });
    host.append(
      el("div", { class: "panel-head" }, this.mode, this.path, this.paths, this.whole, this.said),
      this.canvas,
    );
    /** @type {any} */
    this.plot = null;
    this.shape = "";
    this.soon = whileSeen("plot", () => this.ask(), 500);
    new ResizeObserver(() => this.plot?.setSize(this.room())).observe(this.canvas);
    for (const signal of [model.theme, model.side]) signal.changes(() => this.reset());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.reset());
    model.row.changes(() => {
      if (this.mode.value === "array") this.soon();
    });
    model.detail.changes(() => {
      if (this.mode.value === "array") this.soon();
    });
    model.filter.watch((text) => {
      this.whole.hidden = wholeTime(text) === text.trim();
    });
    model.plotted.watch((wanted) => {
      if (!wanted) return;
      this.mode.value = wanted.mode;
      this.path.value = wanted.path;
      this.turn();
    });
    this.turn();
  }

  turn() {
    const mode = this.mode.value;
    this.path.hidden = mode !== "field" && mode !== "array";
    this.reset();
    if (!this.path.hidden) this.offerPaths();
  }

  async offerPaths() {
    const nodes = model.detail.value?.nodes ?? [];
    const found =
      this.mode.value === "array"
        ? ["numbers", "list"].flatMap((kind) => nodes.filter((/** @type {any} */ n) => n.path && n.kind === kind))
        : await model.engine.call("fields", {}).catch(() => []);
    this.paths.replaceChildren(...found.slice(0, 200).map((/** @type {any} */ f) => el("option", { value: f.path })));
    if (!this.path.value && found.length) {
      this.path.value = found[0].path;
      this.soon();
    }
  }

  reset() {
    this.plot?.destroy();
    this.plot = null;
    this.shape = "";
    this.soon?.();
  }

  room() {
    const legend =
      this.canvas.querySelector(".u-legend")?.getBoundingClientRect().height ??
      parseFloat(getComputedStyle(document.documentElement).fontSize) * 2;
    return {
      width: Math.max(120, this.canvas.clientWidth - 16),
      height: Math.max(80, this.canvas.clientHeight - legend),
    };
  }

  async ask() {
    try {
      const { data, series, time, text } = await this.data(this.mode.value, this.path.value.trim());
      setText(this.said, text ?? (data[0].length ? "" : "Nothing to plot."));
      await this.show(data, series, time, this.mode.value === "latency");
    } catch (error) {
      setText(this.said, /** @type {Error} */ (error).message);
      this.plot?.setData([[], []]);
    }
  }

  /** @param {string} mode @param {string} path */
  async data(mode, path) {
    const { first, last } = model.source.value;
    if (mode === "rate" || mode === "bytes") {
      const { time, frames, bytes } = await model.engine.call("rate", { buckets: rateParts(first, last) });
      return {
        data: [time, mode === "rate" ? frames : bytes],
        series: [mode === "rate" ? "frames/s" : "bytes/s"],
        time: true,
      };
    }
    if (mode === "array") {
      if (model.row.value === null)
        return { data: [[], []], series: ["value"], time: false, text: "Select a frame with an array first." };
      if (!path) return { data: [[], []], series: ["value"], time: false, text: "Write a path, or pick one." };
      const { values } = await model.engine.call("array", { row: model.row.value, path });
      return {
        data: [Float64Array.from(values, (_, i) => i), values],
        series: [path],
        time: false,
        text: `${count(values.length)} values`,
      };
    }
    const field = mode === "field" ? path : mode;
    if (!field) return { data: [[], []], series: ["field"], time: true, text: "Write a path, or pick one." };
    const { time, min, max, mean } = await model.engine.call("plot", {
      field,
      from: first,
      to: last,
      buckets: BUCKETS,
    });
    const name = mode === "latency" ? "latency, ms" : field;
    const single = max.every((/** @type {number} */ value, /** @type {number} */ i) => value === min[i]);
    return {
      data: single ? [time, mean] : [time, max, min, mean],
      series: single ? [name] : [`${name}: greatest`, "least", "mean"],
      time: true,
    };
  }

  /** @param {any[]} data @param {string[]} series @param {boolean} time @param {boolean} dots each value by itself */
  async show(data, series, time, dots) {
    const shape = `${series.join()}|${time}|${dots}`;
    if (this.plot && this.shape === shape) return this.plot.setData(data);
    const Plotter = await loadPlotter();
    this.plot?.destroy();
    this.canvas.replaceChildren();
    this.shape = shape;
    const style = getComputedStyle(document.documentElement);
    const color = (/** @type {string} */ name) => {
      // Of the two themes' colours in a variable, the one in force.
      this.canvas.style.color = `var(${name})`;
      return getComputedStyle(this.canvas).color;
    };
    const font = `${parseFloat(style.fontSize) * 0.6875}px system-ui, sans-serif`;
    const axis = {
      stroke: color("--muted"),
      font,
      grid: { stroke: color("--line"), width: 1 },
      ticks: { stroke: color("--line"), width: 1 },
    };
    const lines = ["--accent", "--muted", "--family-confirm"];
    this.plot = new Plotter(
      {
        ...this.room(),
        legend: { live: true },
        cursor: { drag: { x: true, y: false, setScale: false } },
        scales: { x: { time } },
        axes: [
          {
            ...axis,
            space: parseFloat(style.fontSize) * 6,
            ...(time && {
              values: (/** @type {any} */ _, /** @type {number[]} */ at) =>
                at.map((second) => tick(second, at[1] - at[0])),
            }),
          },
          { ...axis, size: parseFloat(style.fontSize) * 4 },
        ],
        tzDate: (/** @type {number} */ seconds) => Plotter.tzDate(new Date(seconds * 1e3), "Etc/UTC"),
        series: [
          {
            label: time ? "time (UTC)" : "index",
            ...(time && {
              value: (/** @type {any} */ _, /** @type {number | null} */ at) =>
                at === null ? "" : rfc3339(at * 1e6).slice(11, 23),
            }),
          },
          ...series.map((label, i) => ({
            label,
            stroke: color(lines[i]),
            width: i ? 1 : 1.5,
            dash: i === 1 ? [4, 3] : undefined,
            points: { show: dots || data[0].length < 60, size: 5 },
            ...(dots && { paths: () => null }),
            spanGaps: true,
          })),
        ],
        hooks: { setSelect: [(/** @type {any} */ plot) => time && this.brush(plot)] },
      },
      data,
      this.canvas,
    );
  }

  /** @param {any} plot */
  brush(plot) {
    const { left, width } = plot.select;
    if (width < 2) return;
    narrow(timeTerm(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"), model.source.value.first));
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }
}

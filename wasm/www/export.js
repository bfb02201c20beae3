import { tryCall } from "./actions.js";
import { count, counted } from "./format.js";
import { openMenu } from "./menu.js";
import { model } from "./model.js";
import { download, toast } from "./say.js";

/** Formats: [name for the worker, name for people, ending]. */
const FORMATS = /** @type {const} */ ([
  ["jsonl", "JSON lines", "jsonl"],
  ["csv", "CSV", "csv"],
  ["capture", "Capture", "wgcap"],
  ["pcapng", "pcapng, for Wireshark", "pcapng"],
  ["raw", "Raw bytes", "bin"],
  ["html", "One HTML file with the frames in it", "html"],
]);

let chosenRows = "view";

/** Which frames, and as what. @param {HTMLElement} anchor */
export function exportMenu(anchor) {
  const { rows, viewRows } = model.source.value;
  const row = model.row.value;
  if (chosenRows === "selected" && row === null) chosenRows = "view";
  const which = (/** @type {string} */ id, /** @type {string} */ text, off = false) => ({
    text,
    off,
    checked: chosenRows === id,
    run: () => {
      chosenRows = id;
      exportMenu(anchor);
    },
  });
  openMenu(anchor, [
    "Frames",
    which("selected", row === null ? "Selected: none" : `Selected: frame ${count(row + 1)}`, row === null),
    which("view", `Filtered: ${counted(viewRows, "frame")}`),
    which("all", `All: ${counted(rows, "frame")}`),
    "As",
    ...FORMATS.map(([format, text, ending]) => ({ text, off: !rows, run: () => exportAs(format, ending) })),
  ]);
}

/** @param {string} format @param {string} ending */
async function exportAs(format, ending) {
  const rows = chosenRows === "selected" ? [model.row.value] : chosenRows;
  toast("Exporting");
  const answer = await tryCall("export", { format, rows });
  if (!answer) return;
  const name = model.source.value.name.replace(/\.[a-z0-9]{1,8}$/i, "").replace(/[^\w.-]+/g, "-") || "frames";
  download(answer.blob, `${name}${chosenRows === "all" ? "" : `-${chosenRows}`}.${ending}`);
}

import { openInput } from "./actions.js";
import { choice, field, showDialog } from "./dialog.js";
import { button, byId, el, takesText } from "./dom.js";
import { model } from "./model.js";
import { banner, toast } from "./say.js";

/** The ways in: the file dialog, drag and drop, and paste. */

/** What an input can be read as; empty: the worker looks at its first bytes. */
const KINDS = /** @type {[string, string][]} */ ([
  ["", "find out"],
  ["capture", "capture"],
  ["pcap", "pcap"],
  ["pcapng", "pcapng"],
  ["raw", "raw bytes"],
  ["hex", "hex text"],
  ["base64", "base64 text"],
  ["jsonl", "JSON lines"],
]);

/** What its frames can be read as. */
export const PROTOCOL_CHOICES = /** @type {[string, string][]} */ ([
  ["", "find out"],
  ["ngtt", "NGTT"],
  ["ncp", "NCP"],
  ["prefix", "u32 prefix"],
  ["minijson", "minijson"],
]);

/** Names that key logs have. */
const KEY_LOG = /\.(keys?|keylog)$|sslkeylog|keylog\.(txt|log)$/i;

/** Asks for a file. */
export function pickFile() {
  const input = el("input", { type: "file", multiple: true, onchange: () => openFiles([...input.files]) });
  input.click();
}

/**
 * Opens files: a key log goes with the file beside it, or with what is open.
 * @param {File[]} files
 */
export async function openFiles(files) {
  const are = await Promise.all(files.map(isKeyLog));
  const logs = files.filter((_, i) => are[i]);
  const [file] = files.filter((one) => !logs.includes(one));
  const texts = await Promise.all(logs.map((log) => log.text())).catch((error) => banner(error.message, "The key log: "));
  const keyLog = (texts ?? []).join("\n");
  if (file) await openInput({ blob: file, name: file.name, keyLog: keyLog || takeWaitingKeys() });
  else if (keyLog) await useKeyLog(keyLog);
}

/** Whether a file is a key log, by its name or by how it begins. @param {File} file */
async function isKeyLog(file) {
  if (file.size > 16e6) return false;
  return KEY_LOG.test(file.name) || beginsAsKeyLog(await file.slice(0, 4096).text().catch(() => ""));
}

/** @param {string} text @returns {Promise<boolean>} */
async function beginsAsKeyLog(text) {
  return (await model.engine.call("isKeyLog", { text: text.slice(0, 4096) })).yes;
}

/** A key log that came before its recording. */
let waitingKeys = "";

function takeWaitingKeys() {
  const keys = waitingKeys;
  waitingKeys = "";
  return keys || undefined;
}

/** Reads what is open again, with these secrets too; without anything open they wait for it. @param {string} keys */
async function useKeyLog(keys) {
  const { input } = model;
  if (model.opened.value && input && !input.live) {
    await openInput({ ...input, keyLog: [input.keyLog, keys].filter(Boolean).join("\n") });
    return;
  }
  waitingKeys += `${keys}\n`;
  toast("Key log taken: now open the recording that it belongs to");
}

/**
 * Opens text that was pasted, or takes it for a key log.
 * @param {string} text
 * @param {{ kind?: string, protocol?: string }} [how]
 */
async function openText(text, how = {}) {
  if (!text.trim()) return;
  if (!how.kind && (await beginsAsKeyLog(text))) await useKeyLog(text);
  else await openInput({ text, name: "pasted text", ...how });
}

/** Lets files be dropped anywhere, and text and files be pasted anywhere but in a field. */
export function takeDropsAndPastes() {
  let depth = 0;
  const dropping = (/** @type {number} */ by) => {
    depth = Math.max(0, depth + by);
    document.body.classList.toggle("dropping", depth > 0);
  };
  addEventListener("dragenter", (event) => {
    event.preventDefault();
    dropping(1);
  });
  addEventListener("dragleave", () => dropping(-1));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    dropping(0);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) openFiles(files);
    else openText(event.dataTransfer?.getData("text/plain") ?? "");
  });
  addEventListener("paste", (event) => {
    if (takesText(event.target) || document.querySelector("dialog")) return;
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) openFiles(files);
    else openText(event.clipboardData?.getData("text/plain") ?? "");
  });
}

/** A dialog to paste into, with how to read what is pasted. */
export function pasteDialog() {
  const text = el("textarea", {
    rows: "10",
    class: "mono",
    spellcheck: "false",
    placeholder: "0000003d 0007 0001 41 52 06 6f 72 64 65 72 73 …",
  });
  const kind = choice(KINDS),
    protocol = choice(PROTOCOL_CHOICES);
  showDialog(
    "Paste",
    [
      field("Hex, a hex dump, base64, or JSON lines", text),
      el("div", { class: "columns" }, field("It is", kind), field("Frames are", protocol)),
    ],
    {
      text: "Open",
      run: () => {
        if (!text.value.trim()) return false;
        openText(text.value, { kind: kind.value || undefined, protocol: protocol.value || undefined });
      },
    },
  );
  text.focus();
}

/** Asks how to read what is open, and for a key log, and reads it again. */
export function readAsDialog() {
  const { input } = model;
  if (!input) return;
  const kind = choice(KINDS, input.kind ?? ""),
    protocol = choice(PROTOCOL_CHOICES, input.protocol ?? "");
  const log = el("textarea", {
    rows: "6",
    class: "mono",
    spellcheck: "false",
    placeholder: "CLIENT_TRAFFIC_SECRET_0 6b5d… 9a31…",
  });
  log.value = input.keyLog ?? "";
  const file = el("input", {
    type: "file",
    onchange: async () => {
      if (file.files[0]) log.value = await file.files[0].text();
    },
  });
  showDialog(
    `Read ${input.name} another way`,
    [
      el("div", { class: "columns" }, field("It is", kind), field("Frames are", protocol)),
      field(
        "Key log for TLS 1.3, in NSS's format",
        log,
        "wigwag serve ngtt --key-log FILE and wigwag tap --key-log FILE write one; so does SSLKEYLOGFILE elsewhere.",
      ),
      field("… or from a file", file),
    ],
    {
      text: "Read again",
      run: () => {
        openInput({
          ...input,
          kind: kind.value || undefined,
          protocol: protocol.value || undefined,
          keyLog: log.value || undefined,
        });
      },
    },
  );
}

/** What is shown while nothing is open. @param {{ live: () => void }} actions */
export function emptyState({ live }) {
  const host = byId("empty");
  const serverLive = button(
    { icon: "play", text: "Show what the server sees", class: "main-button", hidden: true },
    live,
  );
  host.append(
    el(
      "div",
      { class: "drop" },
      el("h2", { text: "Open a recording of frames" }),
      el("p", {
        text: "Drop a file anywhere, or paste. Captures, pcap and pcapng (with TLS 1.3 key logs), raw bytes, hex, base64 and JSON lines are recognised. Nothing leaves this browser.",
      }),
      el(
        "div",
        { class: "choices" },
        serverLive,
        button({ icon: "open", text: "Open a file" }, () => pickFile()),
        button({ icon: "copy", text: "Paste" }, pasteDialog),
        button({ icon: "play", text: "Try the sample" }, () => openInput({ sample: true, name: "sample" })),
      ),
      el("p", { class: "hint" }, "All of it works from the keyboard: ", el("kbd", { text: "?" }), " shows how."),
    ),
  );
  model.served.watch((on) => {
    serverLive.hidden = !on;
  });
  model.opened.watch((on) => {
    host.hidden = on;
    byId("main").hidden = !on;
    byId("filter").hidden = !on;
  });
}

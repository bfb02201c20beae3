// Exports: rows in another format, or with the page around them.

/** What each format is called and how its files end. */
const FORMATS = {
  jsonl: { type: "application/jsonl", ending: "jsonl" },
  csv: { type: "text/csv", ending: "csv" },
  capture: { type: "application/octet-stream", ending: "wgcap" },
  pcapng: { type: "application/vnd.tcpdump.pcap", ending: "pcapng" },
  raw: { type: "application/octet-stream", ending: "bin" },
  html: { type: "text/html", ending: "html" },
};

/** Where the capture goes in `single.html`. */
const PLACE = "<!--capture-->";

/** `{format, rows: "view" | "all" | [row, ..]}` -> `{blob, name}` */
export async function exportRows(session, { format, rows }) {
  const known = Object.hasOwn(FORMATS, format) ? FORMATS[format] : null;
  if (known === null) {
    throw new Error(`there is no format ${format}: ${Object.keys(FORMATS).join(", ")}`);
  }
  const stem = session.name.replace(/\.[^.]*$/, "") || "wigwag";
  const parts =
    format === "html"
      ? await singleFile(session, rows, `${stem}.wgcap`)
      : await written(session, format, rows);
  return { blob: new Blob(parts, { type: known.type }), name: `${stem}.${known.ending}` };
}

/** The parts of an export of one of the table's formats. An export that is not done
 * when the next one begins is ended. */
async function written(session, format, rows) {
  const { table } = session;
  const parts = [];
  const writer = { write: (chunk) => parts.push(chunk) };
  // Rows by position in the view are turned into rows of the table there.
  const chosen = Array.isArray(rows) || ArrayBuffer.isView(rows) ? Uint32Array.from(rows) : undefined;
  const exporter = table.exporter(format, rows === "view", chosen);
  try {
    await session.errands.run("export", () => exporter.step(table, writer));
    return parts;
  } finally {
    exporter.free();
  }
}

/** The page as one file with the capture inside. */
async function singleFile(session, rows, name) {
  const answer = await fetch(new URL("single.html", self.location.href)).catch(() => null);
  if (!answer?.ok) {
    throw new Error("this page cannot make another: save the capture and open it with the inspector");
  }
  const [before, after] = (await answer.text()).split(PLACE);
  const capture = new Blob(await written(session, "capture", rows));
  const packed = capture.stream().pipeThrough(new CompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  const label = name.replace(/[&"<>]/g, (character) => `&#${character.charCodeAt(0)};`);
  return [
    before,
    `<script type="text/plain" id="wigwag-capture" data-name="${label}">`,
    ...base64(bytes),
    "</script>",
    after,
  ];
}

/** Base64 of bytes, in parts: one text of it all may be longer than a text can be. */
function base64(bytes) {
  // Whole groups of three, and not more arguments than a call may have.
  const size = 3 * 8192;
  const parts = [];
  for (let offset = 0; offset < bytes.length; offset += size) {
    parts.push(btoa(String.fromCharCode(...bytes.subarray(offset, offset + size))));
  }
  return parts;
}

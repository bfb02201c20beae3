// Inputs that end: a file, text, bytes, an address of the page's own server.

/** How much of a file is read at a time. */
const PIECE = 2 << 20;

/** Opens an input and reads it to its end. The promise that it returns is kept
 * when the first bytes are in the table; what goes wrong later is in the state.
 * @param {import("./session.js").Session} session */
export async function openInput(session, { blob, bytes, text, url, ...about }) {
  session.opening += 1;
  const own = session.opening;
  const current = () => session.opening === own;
  let source;
  if (url !== undefined) {
    source = await fetched(url);
    about.total = source.total;
  } else {
    const input = blob ?? new Blob([bytes ?? text ?? ""]);
    source = { next: pieces(input) };
    about.total = input.size;
  }
  if (!current()) {
    return;
  }
  source.next = withBegin(source.next);
  session.live = "off";
  session.send = false;
  session.begin(about);
  const first = await step(session, source, current);
  if (first) {
    rest(session, source, current);
  }
}

async function rest(session, source, current) {
  while (await step(session, source, current)) {
    // As long as there is more.
  }
}

/** Reads once. Says whether there is more. */
async function step(session, source, current) {
  try {
    const piece = await source.next();
    if (!current()) {
      source.cancel?.();
      return false;
    }
    if (piece === null) {
      session.finish();
      return false;
    }
    if (session.table.bytes === 0) {
      await session.prepare(piece);
      if (!current()) {
        source.cancel?.();
        return false;
      }
    }
    session.push(piece);
    return true;
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) {
      throw error;
    }
    if (current()) {
      session.finish(`reading stopped: ${error.message}`);
    }
    return false;
  }
}

/** The same pieces, the first of at least four bytes if there are so many: by those
 * recordings of packets are known. */
function withBegin(next) {
  let first = true;
  return async () => {
    let piece = await next();
    while (first && piece !== null && piece.length < 4) {
      const more = await next();
      if (more === null) {
        break;
      }
      const both = new Uint8Array(piece.length + more.length);
      both.set(piece);
      both.set(more, piece.length);
      piece = both;
    }
    first = false;
    return piece;
  };
}

/** A blob's bytes; the next piece is on its way while one is looked at. */
function pieces(blob) {
  let offset = 0;
  const read = () => {
    const piece = blob.slice(offset, offset + PIECE);
    offset += PIECE;
    const bytes = piece.size > 0 ? piece.arrayBuffer() : Promise.resolve(null);
    // Who asks for it sees the error; until then nobody does.
    bytes.catch(() => {});
    return bytes;
  };
  let coming = read();
  return async () => {
    const buffer = await coming;
    if (buffer === null) {
      return null;
    }
    coming = read();
    return new Uint8Array(buffer);
  };
}

/** What an address answers with. */
async function fetched(url) {
  const answer = await fetch(url, { cache: "no-store" });
  if (!answer.ok) {
    throw new Error(`the server answered ${answer.status} ${answer.statusText}`.trim());
  }
  const reader = answer.body.getReader();
  const length = Number(answer.headers.get("content-length"));
  const packed = answer.headers.has("content-encoding");
  return {
    total: length > 0 && !packed ? length : null,
    next: async () => (await reader.read()).value ?? null,
    cancel: () => reader.cancel(),
  };
}

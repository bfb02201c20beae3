// Texts of the filter language: their errors, completion, and search with them.

/** Places in texts are counted in bytes of UTF-8 by the module, in units of UTF-16
 * by the page. */
function units(text, bytes) {
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, bytes)).length;
}

function bytesBefore(text, position) {
  return new TextEncoder().encode(text.slice(0, position)).length;
}

/** Does something with a text; an error's place is told as the page counts. */
export function checkFilter(text, action) {
  try {
    return action();
  } catch (error) {
    for (const place of ["start", "end", "offset"]) {
      if (error[place] !== undefined) {
        error[place] = units(text, error[place]);
      }
    }
    throw error;
  }
}

/** What may stand at the cursor. */
export function complete(session, { text, cursor }) {
  const found = JSON.parse(session.table.complete(text, bytesBefore(text, cursor)));
  return { ...found, start: units(text, found.start), end: units(text, found.end) };
}

/** The next row that a text matches, `from` not included. Undefined if there is none.
 * A search that is not done when the next one begins is ended.
 * @returns {Promise<number | undefined>} */
export async function matchingRow(session, text, from, forward) {
  const { table } = session;
  const search = checkFilter(text, () => table.search(text, from, forward));
  try {
    await session.errands.run("search", () => search.step(table));
    return search.row;
  } finally {
    search.free();
  }
}

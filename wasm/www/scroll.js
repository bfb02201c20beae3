/**
 * Arithmetic of a list that draws only the rows in sight. Browsers limit an
 * element's height (Firefox at about 17.8 million pixels), so a longer list has a
 * scrollbar whose pixels stand for more than a pixel. Positions are rows, with a
 * fraction. Everything here is a pure function.
 */

/** The height in pixels that the list's extent never exceeds. */
export const TALLEST = 8_000_000;

/**
 * @typedef {object} Geometry
 * @property {number} count rows in all
 * @property {number} rowHeight pixels
 * @property {number} height pixels of the window
 */

/** Pixels of the whole list as the scrollbar sees it. @param {Geometry} g */
export function extent(g) {
  return Math.min(g.count * g.rowHeight, TALLEST);
}

/** Whether a pixel of the scrollbar stands for more than a pixel. @param {Geometry} g */
export function scaled(g) {
  return g.count * g.rowHeight > TALLEST;
}

/** The last position that the list can be scrolled to. @param {Geometry} g */
export function lastTop(g) {
  return Math.max(0, g.count - g.height / g.rowHeight);
}

/** A position within the list. @param {number} top @param {Geometry} g */
export function clampTop(top, g) {
  return Math.min(Math.max(0, top), lastTop(g));
}

/** The position that a scrollbar's state stands for. @param {number} scrollTop @param {Geometry} g */
export function topFromScroll(scrollTop, g) {
  const room = extent(g) - g.height;
  if (room <= 0) return 0;
  return scaled(g) ? clampTop((scrollTop / room) * lastTop(g), g) : clampTop(scrollTop / g.rowHeight, g);
}

/** The scrollbar's state for a position. @param {number} top @param {Geometry} g */
export function scrollFromTop(top, g) {
  const room = extent(g) - g.height;
  if (room <= 0) return 0;
  return scaled(g) ? (clampTop(top, g) / lastTop(g)) * room : clampTop(top, g) * g.rowHeight;
}

/**
 * The rows to draw: from (included) to (excluded).
 * @param {number} top
 * @param {Geometry} g
 * @param {number} [more] rows beyond each edge
 */
export function inSight(top, g, more = 2) {
  const from = Math.max(0, Math.floor(top) - more);
  const to = Math.min(g.count, Math.ceil(top + g.height / g.rowHeight) + more);
  return { from: Math.min(from, to), to };
}

/**
 * The position nearest to `top` from which a whole row is in sight; `margin` rows
 * around it if there is room.
 * @param {number} top
 * @param {number} row
 * @param {Geometry} g
 * @param {number} [margin]
 */
export function reveal(top, row, g, margin = 1) {
  const rows = g.height / g.rowHeight;
  const around = Math.min(margin, Math.max(0, (rows - 1) / 2));
  if (row - around < top) return clampTop(row - around, g);
  if (row + 1 + around > top + rows) return clampTop(row + 1 + around - rows, g);
  return clampTop(top, g);
}

/** Whether a position shows the list's last row. @param {number} top @param {Geometry} g */
export function atEnd(top, g) {
  return top >= lastTop(g) - 0.5;
}

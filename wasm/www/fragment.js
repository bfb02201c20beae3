/**
 * The view in the address: what comes after `#`. The token that opens the server's
 * data is there as well, and is left out of what a person shares.
 */

/**
 * @typedef {object} View
 * @property {string} filter
 * @property {number | null} row the selected row, from 0
 * @property {string} tab
 * @property {"" | "dark" | "light"} theme empty: as the system has it
 * @property {"absolute" | "relative" | "delta"} time
 * @property {"bottom" | "right"} side where the details are
 * @property {string} columns as `printColumns` of columns.js writes it; empty: the default
 */

/** @type {View} */
export const DEFAULT_VIEW = {
  filter: "",
  row: null,
  tab: "detail",
  theme: "",
  time: "absolute",
  side: "bottom",
  columns: "",
};

/** What each part may be; anything else in an address is passed over. */
const ALLOWED = {
  tab: /^(detail|expert|plot|diff|edit|connections)$/,
  theme: /^(dark|light)$/,
  time: /^(absolute|relative|delta)$/,
  side: /^(bottom|right)$/,
  columns: /^[a-z0-9.,:-]{1,400}$/,
};

/**
 * Reads an address's fragment.
 * @param {string} hash
 * @returns {{ view: View, token: string | null }}
 */
export function readFragment(hash) {
  const parts = new URLSearchParams(hash.replace(/^#/, ""));
  const view = { ...DEFAULT_VIEW };
  view.filter = (parts.get("filter") ?? "").slice(0, 4000);
  const row = Number(parts.get("row") ?? NaN);
  if (Number.isInteger(row) && row >= 0 && row < 0xffff_ffff) view.row = row;
  for (const [key, allowed] of Object.entries(ALLOWED)) {
    const value = parts.get(key);
    if (value && allowed.test(value)) /** @type {any} */ (view)[key] = value;
  }
  const token = parts.get("token");
  return { view, token: token && /^[\w.~-]{1,200}$/.test(token) ? token : null };
}

/**
 * Writes a fragment, with `#` in front unless it is empty. Only what differs from
 * the default is in it.
 * @param {View} view
 * @param {string | null} [token] left out of an address that is shared
 */
export function writeFragment(view, token = null) {
  const parts = new URLSearchParams();
  if (token) parts.set("token", token);
  for (const [key, value] of Object.entries(view)) {
    if (value !== null && value !== /** @type {any} */ (DEFAULT_VIEW)[key]) parts.set(key, String(value));
  }
  const text = parts.toString();
  return text && `#${text}`;
}

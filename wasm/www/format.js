/**
 * How numbers, times and bytes are written. Times are microseconds, since 1970
 * where they are points in time; everything here is a pure function.
 */

/** In a pair column: no row. */
export const NO_ROW = 0xffff_ffff;

/** Times below this (3 March 1973) come from inputs without a clock: they count bytes. */
const CLOCKLESS = 1e14;

/** A count with its thousands apart: 491,375. @param {number} n */
export function count(n) {
  return String(Math.trunc(n)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A count and its word: 1 frame, 2 frames. @param {number} n @param {string} word */
export function counted(n, word) {
  return `${count(n)} ${word}${n === 1 ? "" : "s"}`;
}

/** Three digits that matter. @param {number} value */
function three(value) {
  return value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** A size in SI units: 61 B, 1.23 kB, 100 MB. @param {number} n */
export function size(n) {
  let value = n;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (value < 999.5 || unit === "GB") return unit === "B" ? `${value} B` : `${three(value)} ${unit}`;
    value /= 1000;
  }
  return "";
}

/** A span of time: 412 µs, 12.3 ms, 3.02 s, 2 min 05 s. @param {number} us @returns {string} */
export function duration(us) {
  if (!Number.isFinite(us)) return "";
  if (us < 0) return `-${duration(-us)}`;
  if (us < 999.5) return `${Math.round(us)} µs`;
  if (us < 999_500) return `${three(us / 1e3)} ms`;
  if (us < 59.95e6) return `${three(us / 1e6)} s`;
  const seconds = Math.round(us / 1e6);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor(seconds / 60) % 60).padStart(2, "0")} min`;
}

/** Whether a time is a point in time, rather than a count of bytes. @param {number} us */
export function hasClock(us) {
  return us >= CLOCKLESS;
}

/** RFC 3339, UTC, with microseconds. @param {number} us */
export function rfc3339(us) {
  const whole = new Date(Math.floor(us / 1000));
  if (Number.isNaN(whole.getTime())) return String(us);
  return `${whole.toISOString().slice(0, -1)}${String(Math.floor(us % 1000)).padStart(3, "0")}Z`;
}

/**
 * A row's time as the list shows it.
 * @param {number} us
 * @param {"absolute" | "relative" | "delta"} mode
 * @param {number} from the first row's time, or for `delta` the time of the row before
 */
export function moment(us, mode, from) {
  if (!hasClock(us)) return `@${count(us)}`;
  if (mode === "absolute") return rfc3339(us).slice(11, 26);
  const span = Number.isFinite(from) ? us - from : 0;
  return `${span < 0 ? "-" : "+"}${(Math.abs(span) / 1e6).toFixed(6)}`;
}

/**
 * A mark on a time axis, UTC: the shorter the distance between marks, the finer.
 * @param {number} seconds since 1970
 * @param {number} distance seconds between marks
 */
export function tick(seconds, distance) {
  if (!hasClock(seconds * 1e6)) return `${+seconds.toFixed(6)}`;
  const text = rfc3339(Math.round(seconds * 1e6));
  if (distance >= 86_400) return text.slice(0, 10);
  if (distance >= 60) return text.slice(11, 16);
  return text.slice(11, distance >= 1 ? 19 : distance >= 1e-3 ? 23 : 26);
}

/** Two hex digits for each byte. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** One byte in hex. @param {number} byte */
export function hexByte(byte) {
  return HEX[byte];
}

/** Bytes in hex. @param {Uint8Array} bytes @param {string} [between] */
export function hex(bytes, between = "") {
  return Array.from(bytes, hexByte).join(between);
}

/** A byte as the text column shows it. @param {number} byte */
export function ascii(byte) {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·";
}

/** How far along a latency's bar is, 0 to 1: each decade from 100 µs to 10 s a fifth. @param {number} us */
export function latencyShare(us) {
  return Number.isFinite(us) ? Math.min(1, Math.max(0, Math.log10(Math.max(us, 1) / 100) / 5)) : 0;
}

/** From how many microseconds on an answer is called slow. */
export const SLOW = 1e6;

import { hasClock, rfc3339 } from "./format.js";

/**
 * The filter's words for a stretch of time. A pure function.
 * @param {number} from seconds since 1970
 * @param {number} to
 * @param {number} first the first frame's time, microseconds
 */
export function timeTerm(from, to, first) {
  if (hasClock(first)) return `time >= ${rfc3339(Math.floor(from * 1e6))} && time < ${rfc3339(Math.ceil(to * 1e6))}`;
  const seconds = (/** @type {number} */ at) => Math.max(0, at - first / 1e6).toFixed(6);
  return `time >= ${seconds(from)} s && time < ${seconds(to)} s`;
}

/** A stretch of time as `timeTerm` writes it, with what joins it to what stands before or after. */
const STRETCH = /( && )?\btime >= \S+(?: s)? && time < \S+(?: s)?( && )?/;

/** The filter without its stretch of time; the same text if it has none. A pure function. @param {string} filter */
export function wholeTime(filter) {
  return filter.replace(STRETCH, (_, before, after) => (before && after ? " && " : "")).trim();
}

/**
 * The filter with another condition. A stretch of time takes the place of the one
 * before. A pure function.
 * @param {string} filter
 * @param {string} term
 */
export function narrowed(filter, term) {
  const rest = (STRETCH.test(term) ? wholeTime(filter) : filter).trim();
  if (!rest) return term;
  return `${/\|\||\bor\b/i.test(rest) ? `(${rest})` : rest} && ${term}`;
}

// Fields over time: collected in slices, because all frames are looked into.

import { Plot } from "../wigwag.js";
import { checkFilter } from "./search.js";
import { nextStep, pause } from "./schedule.js";

/** Microseconds as seconds. @param {Float64Array} time */
export function seconds(time) {
  return time.map((microseconds) => microseconds / 1e6);
}

/** `{field, from?, to?, buckets}` -> `{time, min, max, mean}` */
export async function plotField(session, { field, from, to, buckets }) {
  const plot = checkFilter(field, () => new Plot(field));
  try {
    const table = session.table;
    let rows = 1000;
    for (let more = true; more; ) {
      const begin = performance.now();
      more = plot.add(table, rows);
      rows = nextStep(rows, performance.now() - begin);
      if (more) {
        await pause();
      }
      if (session.table !== table) {
        throw new Error("another input was opened meanwhile");
      }
    }
    const points = plot.reduced(from ?? table.firstTime, to ?? table.lastTime, buckets);
    const { time, min, max, mean } = points;
    points.free();
    return { time: seconds(time), min, max, mean };
  } finally {
    plot.free();
  }
}

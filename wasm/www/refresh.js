import { model } from "./model.js";

/**
 * Runs `work` when a tab is looked at and whenever the source or the filter has
 * changed since, at most every `delay` milliseconds and never twice at a time.
 * @param {string} tab
 * @param {() => Promise<void>} work
 * @param {number} [delay]
 */
export function whileSeen(tab, work, delay = 700) {
  let running = false,
    wanted = false,
    timer = 0,
    last = -Infinity,
    key = "";
  const run = async () => {
    timer = 0;
    if (model.tab.value !== tab || !model.opened.value) return;
    if (running) {
      wanted = true;
      return;
    }
    running = true;
    wanted = false;
    last = performance.now();
    try {
      await work();
    } catch {
      // What cannot be had now (nothing is open yet) is asked for at the next change.
    }
    running = false;
    if (wanted) soon();
  };
  const soon = () => {
    timer ||= setTimeout(run, Math.max(0, last + delay - performance.now()));
  };
  model.tab.watch(() => {
    if (model.tab.value === tab) soon();
  });
  model.source.changes((state) => {
    const now = [
      state.rows,
      state.viewRows,
      state.generation,
      state.examined,
      state.done,
      state.problems,
      state.name,
    ].join();
    if (now === key || model.tab.value !== tab) return;
    key = now;
    soon();
  });
  return soon;
}

/**
 * Runs `work` whenever the source has changed, at most every `delay` milliseconds.
 * @param {() => Promise<void>} work
 * @param {number} delay
 */
export function whileOpen(work, delay) {
  let timer = 0;
  model.source.changes(() => {
    timer ||= setTimeout(async () => {
      await work().catch(() => {});
      timer = 0;
    }, delay);
  });
}

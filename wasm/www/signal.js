/** A value that tells who watches it when it changes. @template T */
export class Signal {
  /** @param {T} value */
  constructor(value) {
    /** @type {T} */
    this.held = value;
    /** @type {Set<(value: T, before: T) => void>} */
    this.watchers = new Set();
  }

  get value() {
    return this.held;
  }

  set value(next) {
    if (Object.is(next, this.held)) return;
    const before = this.held;
    this.held = next;
    for (const watcher of [...this.watchers]) watcher(next, before);
  }

  /**
   * Calls `watcher` now and at every change.
   * @param {(value: T, before: T) => void} watcher
   */
  watch(watcher) {
    this.watchers.add(watcher);
    watcher(this.held, this.held);
  }

  /** Calls `watcher` at every change. @param {(value: T, before: T) => void} watcher */
  changes(watcher) {
    this.watchers.add(watcher);
  }
}

/**
 * Runs `work` once `delay` milliseconds have passed without another call.
 * @param {(...args: any[]) => void} work
 * @param {number} delay
 */
export function settled(work, delay) {
  let timer = 0;
  return (/** @type {any[]} */ ...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...args), delay);
  };
}

// What time it is where a conversation is recorded.

/** The clock of who records, which may be another machine than the page's: it shows
 * the latest time that came from there, plus what has passed here since. */
export class Clock {
  #heard = NaN;
  #at = 0;

  /** The latest time of the input is this now, in microseconds since 1970; NaN if there
   * is none. @param {number} time */
  heard(time) {
    if (time > this.#heard || (Number.isNaN(this.#heard) && !Number.isNaN(time))) {
      this.#heard = time;
      this.#at = performance.now();
    }
  }

  /** The time there, in microseconds since 1970; NaN as long as nothing was heard. */
  now() {
    return this.#heard + (performance.now() - this.#at) * 1000;
  }
}

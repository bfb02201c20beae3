// Work that a request of the page waits for, in slices between the others: bytes
// that come meanwhile are taken.

/** Errands: of each kind one at a time. */
export class Errands {
  #schedule;
  /** @type {Map<string, (why: string) => void>} */
  #running = new Map();

  /** @param {import("./schedule.js").Schedule} schedule */
  constructor(schedule) {
    this.#schedule = schedule;
  }

  /** Runs one, in place of the one of its kind that there may be.
   * @param {string} kind
   * @param {() => boolean} step does a little and says whether there is more
   * @returns {Promise<void>} kept when there is no more; broken by what a step throws,
   *   or when something else takes its place */
  run(kind, step) {
    this.#running.get(kind)?.("another request has taken its place");
    return new Promise((resolve, reject) => {
      const end = (why) => {
        if (this.#running.get(kind) === end) {
          this.#running.delete(kind);
          reject(new Error(why));
        }
      };
      this.#running.set(kind, end);
      const job = () => {
        if (this.#running.get(kind) !== end) {
          return false;
        }
        try {
          if (step()) {
            return true;
          }
          resolve();
        } catch (error) {
          if (error instanceof WebAssembly.RuntimeError) {
            throw error;
          }
          reject(error);
        }
        this.#running.delete(kind);
        return false;
      };
      this.#schedule.add(job, true);
    });
  }

  /** Ends all of them. @param {string} why */
  end(why) {
    for (const end of [...this.#running.values()]) {
      end(why);
    }
  }
}

// Work in slices between messages, so that a request is answered at any time.

/** How long a slice may take, in milliseconds: half a frame of the screen. */
const SLICE = 8;
/** How long a step of a slice may take. */
const STEP = 4;

/** The rows of the next step, so that it takes about {@link STEP}. */
export function nextStep(rows, took) {
  const wanted = (rows * STEP) / Math.max(took, 0.1);
  return Math.round(Math.min(Math.max(wanted, rows / 4, 64), rows * 4, 1_000_000));
}

/** Lets messages of the page be answered. */
export function pause() {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(null);
  });
}

/** Runs jobs one after another, a slice at a time. */
export class Schedule {
  #jobs = [];
  #posted = false;
  #channel = new MessageChannel();
  #failed;

  /** @param {(error: unknown) => void} failed what to do when a job throws */
  constructor(failed) {
    this.#failed = failed;
    this.#channel.port1.onmessage = () => this.#turn();
  }

  /** Adds a job: a function that does a little and says whether there is more.
   * A job that is there already is not added again.
   * @param {() => boolean} job
   * @param {boolean} [first] before all others */
  add(job, first = false) {
    if (!this.#jobs.includes(job)) {
      this.#jobs.splice(first ? 0 : this.#jobs.length, 0, job);
    }
    this.#wake();
  }

  /** Forgets all jobs. */
  clear() {
    this.#jobs.length = 0;
  }

  #wake() {
    if (!this.#posted && this.#jobs.length > 0) {
      this.#posted = true;
      // A message of our own queues behind those of the page; a timer of 0 ms
      // would wait for 4 ms.
      this.#channel.port2.postMessage(null);
    }
  }

  #turn() {
    this.#posted = false;
    const end = performance.now() + SLICE;
    while (this.#jobs.length > 0 && performance.now() < end) {
      const job = this.#jobs[0];
      try {
        // A job may put another one before itself.
        const at = job() ? -1 : this.#jobs.indexOf(job);
        if (at >= 0) {
          this.#jobs.splice(at, 1);
        }
      } catch (error) {
        this.clear();
        this.#failed(error);
      }
    }
    this.#wake();
  }
}

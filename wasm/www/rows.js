/** Rows in a block: one answer of the worker. */
export const BLOCK = 64;

/** Blocks kept. */
const KEPT = 64;

/**
 * The rows of the view that are in sight, fetched from the worker in blocks. What
 * is there is shown until what is newer has come.
 */
export class Rows {
  /**
   * @param {(from: number, to: number) => Promise<any>} ask the worker's `window`
   * @param {() => void} arrived told when a block came
   */
  constructor(ask, arrived) {
    this.ask = ask;
    this.arrived = arrived;
    /** @type {Map<number, { data: any, epoch: number, asked: number }>} */
    this.blocks = new Map();
    this.epoch = 0;
    this.count = 0;
  }

  /** The view has other rows now: nothing that is kept holds. */
  clear() {
    this.epoch += 1;
    this.blocks.clear();
  }

  /** Rows may have changed (answers came, frames were examined): fetch again what is looked at. @param {number} count rows of the view */
  stale(count) {
    this.epoch += 1;
    this.count = count;
  }

  /**
   * Fetches what is missing or old between two positions; kept when all has come.
   * @param {number} from
   * @param {number} to
   */
  want(from, to) {
    const blocks = [];
    for (let block = Math.floor(from / BLOCK); block * BLOCK < to; block++) blocks.push(this.fetch(block));
    return Promise.all(blocks);
  }

  /** @param {number} block */
  async fetch(block) {
    const known = this.blocks.get(block);
    if (known && known.asked === this.epoch) return;
    const entry = known ?? { data: null, epoch: -1, asked: -1 };
    const epoch = this.epoch;
    entry.asked = epoch;
    this.blocks.delete(block);
    this.blocks.set(block, entry);
    try {
      const data = await this.ask(block * BLOCK, Math.min(this.count, (block + 1) * BLOCK));
      if (this.blocks.get(block) !== entry || epoch < entry.epoch) return;
      entry.data = data;
      entry.epoch = epoch;
      this.arrived();
    } catch {
      if (this.blocks.get(block) === entry) entry.asked = -1;
    }
    for (const old of this.blocks.keys()) {
      if (this.blocks.size <= KEPT) break;
      this.blocks.delete(old);
    }
  }

  /**
   * The row at a position of the view, or null while it is on its way.
   * @param {number} position
   */
  at(position) {
    const data = this.blocks.get(Math.floor(position / BLOCK))?.data;
    const i = position % BLOCK;
    if (!data || i >= data.rows.length) return null;
    return {
      row: data.rows[i],
      time: data.time[i],
      connection: data.connection[i],
      direction: data.direction[i],
      protocol: data.protocol[i],
      kind: data.kind[i],
      id: data.id[i],
      length: data.length[i],
      flags: data.flags[i],
      pair: data.pair[i],
      latency: data.latency[i],
      summary: data.summary[i],
      typeName: data.typeName[i],
    };
  }
}

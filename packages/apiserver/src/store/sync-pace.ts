/** Milliseconds that the process may be held up for, as a rule; a disk that takes longer is one to be waited for in the background. */
const QUICK = 2;
/** The share of the latest sync in the average: one of 25 ms, which every disk has now and then, is not yet a slow disk. */
const LATEST = 1 / 16;

/**
 * Whether a batch of writes is synced at once or in the background. Handing it to another thread and back takes as long as a quick disk does itself, which
 * is half of what a client waits for that writes one after the other. With more than one client there is something to do meanwhile, if only to answer those
 * of the batch before; and a slow disk would hold up all that the process does.
 */
export class SyncPace {
  /** Of a sync, milliseconds: a disk that nobody knows counts as a slow one. */
  #average = 2 * QUICK;
  /** Writes of the batch before. */
  #before = 0;

  /** Of the next batch, which has so many writes. */
  atOnce(writes: number): boolean {
    const alone = writes === 1 && this.#before === 1;
    this.#before = writes;
    return alone && this.#average <= QUICK;
  }

  /** What a sync took, either way, milliseconds. */
  took(time: number): void {
    this.#average += (time - this.#average) * LATEST;
  }
}

/** Milliseconds that the process may be held up for; a disk that takes longer than this now and then is one to be waited for in the background. */
const QUICK = 2;
/** Syncs in a row that must have been quick. */
const PROVEN = 50;

/**
 * Whether a batch of writes is synced at once or in the background. Handing it to another thread and back takes as long as a quick disk does itself, which
 * is half of what a client waits for that writes one after the other. With more than one client there is something to do meanwhile, if only to answer those
 * of the batch before; and a slow disk would hold up all that the process does.
 */
export class SyncPace {
  #unproven = PROVEN;
  /** Writes of the batch before. */
  #before = 0;

  /** Of the next batch, which has so many writes. */
  atOnce(writes: number): boolean {
    const alone = writes === 1 && this.#before === 1;
    this.#before = writes;
    return alone && this.#unproven === 0;
  }

  /** What a sync took, either way, milliseconds. */
  took(time: number): void {
    this.#unproven = time > QUICK ? PROVEN : Math.max(0, this.#unproven - 1);
  }
}

/** Milliseconds that the process may be held up for; a disk that takes longer than this now and then is one to be waited for in the background. */
const QUICK = 2;
/** Syncs in a row that must have been quick. */
const PROVEN = 50;

/**
 * Whether one write alone is synced at once or in the background. Handing it to another thread and back takes as long as a quick disk does itself, which
 * is half of what a client waits for that writes one after the other; a slow disk would hold up all that the process does.
 */
export class SyncPace {
  #unproven = PROVEN;

  atOnce(writes: number): boolean {
    return writes === 1 && this.#unproven === 0;
  }

  /** What a sync took, either way, milliseconds. */
  took(time: number): void {
    this.#unproven = time > QUICK ? PROVEN : Math.max(0, this.#unproven - 1);
  }
}

/** A list of listeners for one sort of event. A listener that throws is a bug and takes the process down, as with EventEmitter. */
export class Signal<T> {
  readonly #listeners = new Set<(value: T) => void>();

  /** Returns the function that unsubscribes. */
  on(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }
}

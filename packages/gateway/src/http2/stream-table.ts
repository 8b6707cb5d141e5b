import type { Http2Stream } from "./stream.ts";

/** Consecutive streams, of which each has a place of its own, up to what a client may have open. */
const MOST_PLACES = 256;

/**
 * The open streams of one connection by their ids. A stream's place is drawn from its id; one that is open for so long that a later one wants
 * its place goes to a map. In a map alone, whose tables point to their successors, streams that are long over would stay alive until the next
 * collection of old memory, and each collection of new memory would have to move them.
 */
export class StreamTable {
  #places: (Http2Stream | undefined)[] = Array.from({ length: 8 });
  readonly #others = new Map<number, Http2Stream>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Http2Stream | undefined {
    const stream = this.#places[this.#placeOf(id)];
    if (stream?.id === id) return stream;
    return this.#others.size > 0 ? this.#others.get(id) : undefined;
  }

  add(stream: Http2Stream): void {
    if (this.#size >= this.#places.length && this.#places.length < MOST_PLACES) this.#grow();
    this.#size++;
    this.#put(stream);
  }

  /** One that is not there is passed over. */
  delete(stream: Http2Stream): void {
    const place = this.#placeOf(stream.id);
    if (this.#places[place] === stream) this.#places[place] = undefined;
    else if (!this.#others.delete(stream.id)) return;
    this.#size--;
  }

  /** In the order in which they were opened; the list does not change with the table. */
  all(): Http2Stream[] {
    const streams = [...this.#places, ...this.#others.values()].filter((stream) => stream !== undefined);
    return streams.sort((a, b) => a.id - b.id);
  }

  #placeOf(id: number): number {
    return (id >>> 1) & (this.#places.length - 1);
  }

  #put(stream: Http2Stream): void {
    const place = this.#placeOf(stream.id);
    const before = this.#places[place];
    if (before) this.#others.set(before.id, before);
    this.#places[place] = stream;
  }

  #grow(): void {
    const streams = this.all();
    this.#places = Array.from({ length: 2 * this.#places.length });
    this.#others.clear();
    for (const stream of streams) this.#put(stream);
  }
}

import type { Random } from "@ebb/base";

/** Where the ids of requests and traces come from. */
export interface RequestIds {
  /** In the form of a UUID. */
  requestId(): string;
  /** 32 hexadecimal digits. */
  traceId(): string;
  /** 16 hexadecimal digits. */
  spanId(): string;
  /** Uniform in [0, 1). */
  float(): number;
}

/** Ids made at once; an id that somebody keeps keeps the text of all of them, so that it must not be large. */
const BATCH = 128;
const UUID_DIGITS = 36;
const UUID = /(.{8})(.{4}).(.{3}).(.{3})(.{12})/g;

/**
 * Ids cut from texts that are made for many requests at once: asking the system for each would cost a request a twentieth of its time.
 */
export class BatchedIds implements RequestIds {
  readonly #random: Random;
  #uuids = "";
  #uuidAt = 0;
  #digits = "";
  #digitAt = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  requestId(): string {
    if (this.#uuidAt === this.#uuids.length) {
      // Version 4 of RFC 9562; of the variant's digit only one of the four is used.
      this.#uuids = this.#random.hex(BATCH * 32).replace(UUID, "$1-$2-4$3-8$4-$5");
      this.#uuidAt = 0;
    }
    this.#uuidAt += UUID_DIGITS;
    return this.#uuids.slice(this.#uuidAt - UUID_DIGITS, this.#uuidAt);
  }

  traceId(): string {
    return this.#take(32);
  }

  spanId(): string {
    return this.#take(16);
  }

  float(): number {
    return this.#random.float();
  }

  #take(count: number): string {
    if (this.#digitAt + count > this.#digits.length) {
      this.#digits = this.#random.hex(BATCH * 48);
      this.#digitAt = 0;
    }
    this.#digitAt += count;
    return this.#digits.slice(this.#digitAt - count, this.#digitAt);
  }
}

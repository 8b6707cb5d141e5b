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
/** Version 4 of RFC 9562; of the variant's digit only one of the four is used. */
const UUID = Buffer.from("xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx", "latin1");
const ANY = "x".charCodeAt(0);

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
      this.#uuids = uuids(this.#random);
      this.#uuidAt = 0;
    }
    this.#uuidAt += UUID.length;
    return this.#uuids.slice(this.#uuidAt - UUID.length, this.#uuidAt);
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

function uuids(random: Pick<Random, "hex">): string {
  const digits = random.hex(BATCH * UUID.length);
  const text = Buffer.allocUnsafe(BATCH * UUID.length);
  for (let at = 0; at < text.length; at++) {
    const form = UUID[at % UUID.length] as number;
    text[at] = form === ANY ? digits.charCodeAt(at) : form;
  }
  return text.toString("latin1");
}

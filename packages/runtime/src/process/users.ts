import { createHash } from "node:crypto";
import { TransientError } from "@ebb/base";

/** Above what systems give to people (65534) and below the sub-uid ranges that useradd gives out only past 65536 users. */
export const FIRST_UID = 200_000;
export const LAST_UID = 265_535;

/**
 * User ids for instances: each live instance has one of its own (and the group of the same number), so that no instance can read, signal or
 * trace another, and so that all of its processes can be found by it. Derived from the instance's id; the next free one when taken.
 */
export class UserAllocator {
  readonly #used = new Set<number>();

  take(instance: string): number {
    const size = LAST_UID - FIRST_UID + 1;
    const start = createHash("sha256").update(instance).digest().readUInt32BE(0) % size;
    for (let step = 0; step < size; step++) {
      const uid = FIRST_UID + ((start + step) % size);
      if (this.#used.has(uid)) continue;
      this.#used.add(uid);
      return uid;
    }
    throw new TransientError("NoFreeUser", `all ${size} user ids for instances are in use`);
  }

  adopt(uid: number): void {
    this.#used.add(uid);
  }

  release(uid: number): void {
    this.#used.delete(uid);
  }
}

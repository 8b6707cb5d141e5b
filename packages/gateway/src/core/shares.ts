import type { Endpoint } from "../route-table.ts";

/**
 * What the workers of one gateway must count together so that limits hold for all of them. One worker alone has it all to itself; several
 * share memory (workers/shared-counts.ts). Both keep the same rules, so that nothing else needs to know.
 */

/** Requests at one instance, of all workers. */
export interface Occupancy {
  readonly total: number;
  /** Takes a place if there are fewer than `limit`; nobody else can take the same. */
  tryEnter(limit: number): boolean;
  leave(): void;
}

/**
 * The order of all that wait for one backend, in whichever worker. Each has a ticket, drawn when it joins; a worker shows the ticket of its
 * first. Invariant: after a place has become free, whoever has the lowest ticket is told, unless it is us.
 */
export interface WaitingLine {
  /** How many wait, of all workers. */
  readonly length: number;
  /** Joins behind all others and returns the ticket; 0 when `bound` wait already. */
  tryJoin(bound: number): number;
  leave(): void;
  /** Shows the ticket of our first; 0 when nobody waits here. */
  show(ticket: number): void;
  /** Whether nobody in another worker is before this ticket; 0 is a newcomer, who is behind all. */
  isNext(ticket: number): boolean;
  /** Tells the worker of the one who is next, if that is another one. */
  passOn(): void;
}

export interface BackendShares {
  occupancy(endpoint: Endpoint): Occupancy;
  line: WaitingLine;
}

export class OwnOccupancy implements Occupancy {
  total = 0;

  tryEnter(limit: number): boolean {
    if (this.total >= limit) return false;
    this.total++;
    return true;
  }

  leave(): void {
    this.total--;
  }
}

export class OwnLine implements WaitingLine {
  length = 0;

  tryJoin(bound: number): number {
    if (this.length >= bound) return 0;
    this.length++;
    return 1;
  }

  leave(): void {
    this.length--;
  }

  show(): void {}

  isNext(): boolean {
    return true;
  }

  passOn(): void {}
}

/** For a gateway of one worker. */
export function ownShares(): BackendShares {
  return { occupancy: () => new OwnOccupancy(), line: new OwnLine() };
}

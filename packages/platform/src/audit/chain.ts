import { createHash } from "node:crypto";

/** Before the first row. */
export const GENESIS = "0".repeat(64);
/** The row that retention writes: `after` says up to where the rows before were removed, and the hash of the last of them. */
export const PRUNED = "audit.pruned";

/** What a row's hash covers: all of it but the hash itself. Times in milliseconds. */
export interface AuditBody {
  seq: number;
  time: number;
  actor: string;
  credential: string;
  address: string;
  client: string;
  action: string;
  object: string;
  team: string;
  before: unknown;
  after: unknown;
  request: string;
  previous: string;
}

export interface AuditRow extends AuditBody {
  hash: string;
}

/** JSON with sorted keys and without spaces (RFC 8785 for what we store: no number here is other than an integer or a plain decimal). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(",")}}`;
  }
  return JSON.stringify(value ?? null);
}

export function hashOf(row: AuditBody): string {
  const { seq, time, actor, credential, address, client, action, object, team, before, after, request, previous } = row;
  const body = { seq, time, actor, credential, address, client, action, object, team, before, after, request, previous };
  return createHash("sha256").update(canonicalJson(body)).digest("hex");
}

/** Where the trail is not what was written; `seq` is the first row that tells. */
export interface Breach {
  seq: number;
  message: string;
}

/** The last row that was written, kept apart from the rows. */
export interface Head {
  seq: number;
  hash: string;
}

/**
 * Reads a trail from its first row on and tells of the first breach. Rows removed by retention are missed only when a row of the trail itself
 * (`audit.pruned`) says so, with the hash that the chain goes on from.
 */
export class ChainCheck {
  #last: Head | undefined;
  #first: AuditRow | undefined;
  #allowedStart: Head = { seq: 0, hash: GENESIS };
  #breach: Breach | undefined;
  readonly #known: Head | undefined;
  /** The hash of the row that the known head names, as it is here. */
  #found: string | undefined;
  count = 0;

  /** `known`: a head that was noted earlier, outside of the trail, and must be in it. */
  constructor(known?: Head) {
    this.#known = known && known.seq > 0 ? known : undefined;
  }

  add(row: AuditRow): void {
    if (this.#breach) return;
    this.count++;
    this.#first ??= row;
    const last = this.#last;
    if (last && row.seq !== last.seq + 1) {
      return this.#fail(
        last.seq + 1,
        row.seq > last.seq ? `rows ${last.seq + 1} to ${row.seq - 1} are missing` : `row ${row.seq} is out of order`,
      );
    }
    if (last && row.previous !== last.hash) return this.#fail(row.seq, `row ${row.seq} does not follow from row ${last.seq}`);
    if (hashOf(row) !== row.hash) return this.#fail(row.seq, `row ${row.seq} was edited`);
    this.#last = { seq: row.seq, hash: row.hash };
    if (row.seq === this.#known?.seq) this.#found = row.hash;
    if (row.action === PRUNED) this.#allowedStart = prunedTo(row.after) ?? this.#allowedStart;
  }

  /** After the last row. */
  end(head: Head): Breach | undefined {
    if (this.#breach) return this.#breach;
    const first = this.#first;
    const start = this.#allowedStart;
    if (first && (first.seq !== start.seq + 1 || first.previous !== start.hash)) {
      return {
        seq: first.seq,
        message: `the trail begins at row ${first.seq}, and no row says that those before were removed by retention`,
      };
    }
    const last = this.#last ?? { seq: 0, hash: GENESIS };
    if (last.seq !== head.seq) return { seq: last.seq + 1, message: `the trail ends at row ${last.seq}, but ${head.seq} were written` };
    if (last.hash !== head.hash) return { seq: last.seq, message: `row ${last.seq} is not the one that was written last` };
    return this.#breachOfKnown();
  }

  #breachOfKnown(): Breach | undefined {
    const known = this.#known;
    if (!known) return undefined;
    const { seq, hash } = this.#allowedStart;
    if (known.seq < seq)
      return { seq: known.seq, message: `row ${known.seq}, whose hash you noted, was removed by retention: note a newer one` };
    if ((known.seq === seq ? hash : this.#found) === known.hash) return undefined;
    return { seq: known.seq, message: `row ${known.seq} is not the one whose hash you noted` };
  }

  #fail(seq: number, message: string): void {
    this.#breach = { seq, message };
  }
}

function prunedTo(after: unknown): Head | undefined {
  if (typeof after !== "object" || after === null) return undefined;
  const { seq, hash } = after as Partial<Head>;
  return typeof seq === "number" && typeof hash === "string" ? { seq, hash } : undefined;
}

import type { Socket } from "node:net";
import { Transform, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Clock } from "@ebb/base";
import type { Session } from "../port.ts";

/** Who has neither written nor read anything for so long has left. */
const QUIET = 10 * 60_000;
/** Something may write for ever: a terminal that was forgotten keeps nothing for longer than this. */
const LONGEST = 60 * 60_000;

interface Visit {
  since: number;
  used: number;
  /** Through it so far, where that is not told as it comes. */
  bytes?: () => number;
  seen: number;
}

/** Who works in instances: commands and forwarded ports that are open, by workload. */
export class Attendance {
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #visits = new Map<string, Set<Visit>>();

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  has(workload: string): boolean {
    const now = this.#clock.monotonic();
    return [...(this.#visits.get(workload) ?? [])].some((visit) => {
      const bytes = visit.bytes?.() ?? visit.seen;
      if (bytes !== visit.seen) Object.assign(visit, { seen: bytes, used: now });
      return now - visit.used < QUIET && now - visit.since < LONGEST;
    });
  }

  /**
   * A session that is counted until it ends. `farewell` is asked when its output has ended, and says why if it was ended from outside: the last that
   * whoever works in it reads, beside its errors or, on a terminal, behind its output.
   */
  session(workload: string, session: Session, farewell: () => string | undefined): Session {
    const visit = this.#enter(workload, session.ended);
    const counted = (words: () => string | undefined) =>
      new Transform({
        transform: (chunk, _encoding, done) => {
          visit.used = this.#clock.monotonic();
          done(null, chunk);
        },
        flush: (done) => {
          const text = words();
          done(null, text === undefined ? undefined : `\r\n${text}\r\n`);
        },
      });
    const stdout = joined(session.stdout, counted(session.stderr ? () => undefined : farewell));
    const stderr = session.stderr && joined(session.stderr, counted(farewell));
    const input = session.stdin && counted(() => undefined);
    // A command that ends before it has read its input is none's fault.
    if (input && session.stdin) pipeline(input, session.stdin).catch(() => undefined);
    return {
      ...(input ? { stdin: input } : {}),
      stdout,
      ...(stderr ? { stderr } : {}),
      resize: (size) => session.resize(size),
      ended: session.ended,
      end: () => {
        session.end();
        for (const stream of [input, stdout, stderr]) stream?.destroy();
      },
    };
  }

  connection(workload: string, socket: Socket): Socket {
    const closed = new Promise((resolve) => socket.once("close", resolve));
    this.#enter(workload, closed).bytes = () => socket.bytesRead + socket.bytesWritten;
    return socket;
  }

  #enter(workload: string, over: Promise<unknown>): Visit {
    const now = this.#clock.monotonic();
    const visit = { since: now, used: now, seen: 0 };
    const visits = this.#visits.get(workload) ?? new Set();
    this.#visits.set(workload, visits.add(visit));
    void over.then(() => {
      visits.delete(visit);
      if (visits.size === 0 && this.#visits.get(workload) === visits) this.#visits.delete(workload);
    });
    return visit;
  }
}

/** Its end is its source's, however that ends. */
function joined(source: Readable, target: Transform): Transform {
  // One that is destroyed has no end, and an error only if it was destroyed with one.
  for (const event of ["error", "close"]) source.once(event, () => target.end());
  target.on("error", () => undefined);
  return source.pipe(target);
}

import type { Clock } from "@ebb/base";
import type { FirstAnswer, RevisionStats } from "@ebb/gateway";
import type { Idle, InstanceManager, StartPhases } from "@ebb/runtime";

const NO_PHASES: StartPhases = { queued: 0, sandbox: 0, launch: 0, boot: 0, seen: 0 };

/** Per revision: a day of one that wakes twice an hour. */
const KEPT = 50;

/** How one instance came to serve. All durations in milliseconds. */
export interface ColdStart {
  instance: string;
  /** When it counted as ready, milliseconds since the epoch. */
  time: number;
  /** What it was before: nothing, prepared, or kept and frozen. */
  from: Idle;
  /** Whether a request waited for it; then it was also told how long the whole took that request. */
  waited: boolean;
  /** From the arrival of that request to the order to start, and from readiness back to the gateway; 0 when none waited. */
  decision: number;
  phases: StartPhases;
  /** From the instance's turn to the first byte of its first answer; 0 when none waited. */
  firstByte: number;
  /** From the arrival of the request to the first byte; without one, from the order to readiness. */
  total: number;
}

/** The last starts of each revision's instances, phase by phase. Kept in memory: a restart of the control plane begins anew. */
export class ColdStarts {
  readonly #instances: Pick<InstanceManager, "instances">;
  readonly #clock: Clock;
  readonly #kept = new Map<string, ColdStart[]>();
  readonly #seen = new WeakSet<StartPhases>();
  /** First answers of instances that the gateway has thawed or found ready, and that were not known to serve when it told. */
  readonly #early = new Map<string, FirstAnswer[]>();

  constructor(instances: Pick<InstanceManager, "instances">, clock: Clock) {
    this.#instances = instances;
    this.#clock = clock;
  }

  /** An instance of that revision has changed. */
  changed(key: string): void {
    for (const { id, start } of this.#instances.instances(key)) {
      if (!start) continue;
      if (this.#seen.has(start.phases)) continue;
      this.#seen.add(start.phases);
      const kept = this.#kept.get(key) ?? [];
      const total = sum(start.phases);
      const coldStart = { instance: id, time: this.#clock.now(), ...start, waited: false, decision: 0, firstByte: 0, total };
      this.#kept.set(key, [...kept, coldStart].slice(-KEPT));
    }
    const early = this.#early.get(key);
    if (!early) return;
    this.#early.delete(key);
    this.answered({ revision: key, firsts: early });
  }

  /** The gateway has told what the first answers of new instances took. */
  answered({ revision, firsts = [] }: Pick<RevisionStats, "revision" | "firsts">): void {
    for (const first of firsts) {
      const { endpoint, heldMs, answerMs, thawed, tried } = first;
      const start = this.#kept.get(revision)?.findLast(({ instance }) => instance === endpoint);
      if (start && !start.waited) {
        // The control plane heard of it after the fact: what it did then nobody waited for.
        if (thawed) start.phases = { ...NO_PHASES, ...(start.from === "prepared" ? { boot: heldMs } : { launch: heldMs }) };
        else if (tried) start.phases = foundByGateway(start.phases, first);
        start.decision = thawed ? 0 : Math.max(0, heldMs - sum(start.phases));
        Object.assign(start, { waited: true, firstByte: answerMs, total: heldMs + answerMs });
      } else if (thawed || tried) this.#early.set(revision, [...(this.#early.get(revision) ?? []), first].slice(-KEPT));
    }
  }

  remove(key: string): void {
    this.#kept.delete(key);
    this.#early.delete(key);
  }

  /** Oldest first. */
  list(key: string): readonly ColdStart[] {
    return this.#kept.get(key) ?? [];
  }
}

/** The control plane was in no hurry to see it: it had booted when the gateway had it. What came before the order and cannot be told apart counts as its boot. */
function foundByGateway({ queued, sandbox, launch, boot, seen }: StartPhases, { heldMs }: FirstAnswer): StartPhases {
  const held = heldMs - queued - sandbox - launch;
  return { queued, sandbox, launch, boot: Math.max(0, Math.min(boot + seen, held)), seen: 0 };
}

function sum(phases: StartPhases): number {
  return Object.values(phases).reduce((total, phase) => total + phase, 0);
}

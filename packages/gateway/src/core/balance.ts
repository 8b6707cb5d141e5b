/** What balancing needs to know of an instance. */
export interface Candidate {
  /** Requests at it now. */
  readonly load: number;
  /** How many more requests it takes now; Infinity without a limit. */
  room(): number;
}

/** Knative's activator fills the first instance with room up to this limit (pkg/activator/net/lb_policy.go), for locality's sake. */
const FIRST_AVAILABLE_UP_TO = 3;

/**
 * The instance for the next request, or undefined when none has room: the less loaded of two at random without a limit; the first with
 * room for small limits; else the least loaded.
 */
export function choose<T extends Candidate>(candidates: readonly T[], containerConcurrency: number, random: () => number): T | undefined {
  if (containerConcurrency === 0) return lessLoadedOfTwo(candidates, random) ?? leastLoaded(candidates);
  if (containerConcurrency <= FIRST_AVAILABLE_UP_TO) return candidates.find((candidate) => candidate.room() > 0);
  return leastLoaded(candidates);
}

function lessLoadedOfTwo<T extends Candidate>(candidates: readonly T[], random: () => number): T | undefined {
  const { length } = candidates;
  if (length < 2) return undefined;
  const first = Math.floor(random() * length);
  // The second is drawn from the others, so that the two always differ.
  const second = (first + 1 + Math.floor(random() * (length - 1))) % length;
  const a = candidates[first];
  const b = candidates[second];
  if (!a || !b) return undefined;
  const better = b.load < a.load ? b : a;
  return better.room() > 0 ? better : undefined;
}

function leastLoaded<T extends Candidate>(candidates: readonly T[]): T | undefined {
  let best: T | undefined;
  for (const candidate of candidates) {
    if (candidate.room() > 0 && (best === undefined || candidate.load < best.load)) best = candidate;
  }
  return best;
}

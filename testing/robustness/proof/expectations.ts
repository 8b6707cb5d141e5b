/** What an app was asked to do at each time, and whether each answer kept to it. Pure: the model that the proof holds the platform against. */

/** Percent by version. */
export type Shares = Readonly<Record<string, number>>;

/** Who asks: with the header that rules look at, or without. */
export type Kind = "plain" | "canary";
export type Expectation = Readonly<Record<Kind, Shares>>;

export interface Answer {
  kind: Kind;
  version: string;
  /** Milliseconds of one clock. */
  began: number;
  ended: number;
}

interface Phase {
  since: number;
  /** For people. */
  what: string;
  /** One when nothing is being changed: then shares are counted, too. */
  may: readonly Expectation[];
  counts: Record<Kind, Map<string, number>>;
}

/** By what was asked for, in percent: how many answers there were, and how many of them the version gave. */
export type Realised = Map<number, { asked: number; given: number }>;

/** So many standard deviations and answers from what was asked are taken for chance: one in a billion of counts. */
const SIGMAS = 6;
const SLACK = 3;

export class Expectations {
  readonly wrong: string[] = [];
  readonly #app: string;
  readonly #phases: Phase[] = [];

  constructor(app: string, now: number, first: Expectation) {
    this.#app = app;
    this.expect(now, [first], "its first version");
  }

  /** From now on it is one of these. */
  expect(since: number, may: readonly Expectation[], what: string): void {
    this.#phases.push({ since, what, may, counts: { plain: new Map(), canary: new Map() } });
  }

  /** An answer is right by any of the phases that its request was under way in. */
  check({ kind, version, began, ended }: Answer): void {
    const during = this.#phases.filter(
      ({ since }, index) => since <= ended && (this.#phases[index + 1]?.since ?? Number.POSITIVE_INFINITY) >= began,
    );
    const may = during.flatMap((phase) => phase.may);
    if (!may.some((expectation) => (expectation[kind][version] ?? 0) > 0)) {
      const when = during
        .map(({ since, what }) => `${(began - since).toFixed(0)} to ${(ended - since).toFixed(0)} ms into ${what}`)
        .join(" and ");
      this.wrong.push(`${this.#app}: ${version} answered a ${kind} request, where only ${JSON.stringify(may)} may: ${when}`);
    }
    const [only] = during;
    if (during.length !== 1 || only?.may.length !== 1) return;
    const counts = only.counts[kind];
    counts.set(version, (counts.get(version) ?? 0) + 1);
  }

  /** Adds what the splits came to, and tells of those that chance does not explain. */
  realised(sum: Realised): string[] {
    const unlikely: string[] = [];
    for (const { may, counts } of this.#phases) {
      const [only] = may;
      if (!only || may.length !== 1) continue;
      for (const kind of ["plain", "canary"] as const) {
        const total = [...counts[kind].values()].reduce((all, count) => all + count, 0);
        for (const [version, percent] of Object.entries(only[kind])) {
          const given = counts[kind].get(version) ?? 0;
          const before = sum.get(percent) ?? { asked: 0, given: 0 };
          sum.set(percent, { asked: before.asked + total, given: before.given + given });
          if (isUnlikely(given, total, percent / 100)) {
            unlikely.push(`${this.#app}: ${version} gave ${given} of ${total} ${kind} answers, where ${percent} % were asked for`);
          }
        }
      }
    }
    return unlikely;
  }
}

function isUnlikely(given: number, total: number, share: number): boolean {
  return Math.abs(given - total * share) > SIGMAS * Math.sqrt(total * share * (1 - share)) + SLACK;
}

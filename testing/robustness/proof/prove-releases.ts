import { archive, finished, nodeApp, type EbbServer, type ProcessName } from "@ebb/testkit";
import { changeAtRandom, expectationOf, type Ended, type Subject } from "./change.ts";
import { Expectations, type Realised } from "./expectations.ts";
import { startKiller } from "./killer.ts";
import { watchedLoad } from "./watched-load.ts";

export interface ProofOptions {
  apps: number;
  releases: number;
  versions: number;
  victims: readonly ProcessName[];
  /** Of the random time from a process being back to its next end, milliseconds. */
  longestLife: number;
  /** Of each of the two clients of an app, between two requests, milliseconds. */
  pause: number;
  /** Longest that a split is left alone and measured after a release, milliseconds. */
  longestDwell: number;
  tell(line: string): void;
}

export interface ProofReport {
  releases: number;
  kills: number;
  requests: number;
  failures: string[];
  /** Answers of a version that nobody had asked for at that time, and splits that chance does not explain. */
  wrong: string[];
  /** How releases ended, by kind and state, with the code of those that failed. */
  outcomes: Record<string, number>;
  /** Percent that was asked for → percent of answers, over all that were given while nothing was being changed. */
  shares: Record<string, string>;
  seconds: number;
}

/** Releases of random kinds on many apps at once, all of them under load, while processes of the platform are killed at random moments. */
export async function proveReleases(ebb: EbbServer, options: ProofOptions): Promise<ProofReport> {
  const { releases, victims, longestLife, longestDwell, pause, tell } = options;
  const subjects = await prepare(ebb, options);
  const loads = subjects.map(({ app, expectations }) =>
    watchedLoad({ gateway: ebb.gateway, host: `${app}-test.sls-local.localhost`, expectations, pause }),
  );
  const began = performance.now();
  const killer = startKiller(ebb, victims, longestLife);
  const ended: Ended[] = [];
  let begun = 0;
  const loops = subjects.map(async (subject) => {
    while (begun++ < releases) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * longestDwell));
      ended.push(await changeAtRandom(ebb, subject));
      if (ended.length % 50 === 0) tell(`${ended.length} of ${releases} releases, ${killer.kills()} kills`);
    }
  });
  try {
    await Promise.all(loops);
  } finally {
    await killer.stop();
    await Promise.all(loads.map((load) => load.stop()));
  }
  const realised: Realised = new Map();
  const unlikely = subjects.flatMap(({ expectations }) => expectations.realised(realised));
  return {
    releases: ended.length,
    kills: killer.kills(),
    requests: loads.reduce((sum, load) => sum + load.answered(), 0),
    failures: loads.flatMap(({ failures }) => failures),
    wrong: [...subjects.flatMap(({ expectations }) => expectations.wrong), ...unlikely, ...nameless(ended)],
    outcomes: tally(ended.map(({ kind, state, code }) => `${kind} ${state}${code === undefined ? "" : ` (${code})`}`)),
    shares: Object.fromEntries(
      [...realised]
        .sort(([a], [b]) => a - b)
        .map(([percent, { asked, given }]) => [`${percent} %`, `${((100 * given) / Math.max(1, asked)).toFixed(2)} % of ${asked}`]),
    ),
    seconds: Math.round((performance.now() - began) / 1000),
  };
}

async function prepare(ebb: EbbServer, { apps, versions, tell }: ProofOptions): Promise<Subject[]> {
  const names = Array.from({ length: apps }, (_, index) => `proof-${index + 1}`);
  const source = await archive(nodeApp());
  for (let version = 1; version <= versions; version++) {
    // Side by side, as the platform allows.
    const operations = await Promise.all(
      names.map(async (name) => finished(ebb.client, (await ebb.client.uploadSource(source, { name, noTraffic: version > 1 })).id)),
    );
    const failed = operations.find(({ failure }) => failure !== null);
    if (failed) throw new Error(`v${version} of ${failed.app} was not deployed: ${JSON.stringify(failed.failure)}`);
    tell(`v${version} of ${apps} apps is there`);
  }
  const first = { shares: { v1: 100 }, rule: undefined };
  const all = Array.from({ length: versions }, (_, index) => `v${index + 1}`);
  return names.map((app) => ({
    app,
    versions: all,
    expectations: new Expectations(app, performance.now(), expectationOf(first)),
    ...first,
  }));
}

/** A release that ended in no state, or failed without saying what of. */
function nameless(ended: readonly Ended[]): string[] {
  return ended
    .filter(({ state, code }) => !["succeeded", "cancelled"].includes(state) && !(state === "failed" && code !== undefined))
    .map(({ kind, state }) => `a ${kind} ended as ${state}, without a code`);
}

function tally(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values.toSorted()) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

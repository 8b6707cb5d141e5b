import { ApiError } from "@ebb/api/client";
import type { Operation, SetTraffic, StartRelease } from "@ebb/api";
import { eventually, type EbbServer } from "@ebb/testkit";
import type { Expectation, Expectations, Shares } from "./expectations.ts";

/** An app as the proof knows it. */
export interface Subject {
  readonly app: string;
  readonly versions: readonly string[];
  readonly expectations: Expectations;
  /** In force. */
  shares: Shares;
  /** The version that the header leads to. */
  rule: string | undefined;
}

/** One change of traffic: how to ask for it, what may serve meanwhile, and what is to serve when it has succeeded. */
interface Change {
  kind: "traffic" | "release" | "abort" | "rollback";
  send(): Promise<Operation>;
  meanwhile: readonly Expectation[];
  after: { shares: Shares; rule: string | undefined };
}

export interface Ended {
  kind: Change["kind"];
  state: string;
  code: string | undefined;
  milliseconds: number;
}

const HEADER = [{ on: "header" as const, name: "x-canary", is: "exact" as const, value: "1" }];
const ENV = "test";
/** A release that nothing but its steps decides. */
const LENIENT = { minRequests: 0, maxErrorRate: 1, maxP95Ratio: 100, maxRestarts: 1000 };
/** On a machine that others use, too, with the platform killed every few seconds. */
const DEADLINE = 600_000;

export function expectationOf({ shares, rule }: { shares: Shares; rule: string | undefined }): Expectation {
  return { plain: shares, canary: rule === undefined ? shares : { [rule]: 100 } };
}

/** Makes a random change, follows it to its end whatever is killed meanwhile, and holds what is then in force against what was asked for. */
export async function changeAtRandom(ebb: EbbServer, subject: Subject): Promise<Ended> {
  const place = { app: subject.app, env: ENV };
  const change = drawChange(ebb, subject);
  const before = expectationOf(subject);
  const began = performance.now();
  subject.expectations.expect(began, [before, ...change.meanwhile, expectationOf(change.after)], change.kind);
  const operation = await sendThrough(ebb, subject, change);
  if (change.kind === "abort") await abort(ebb, subject.app);
  const ended = await allEnded(ebb, subject.app, operation);
  if (ended.state === "succeeded") Object.assign(subject, change.after);
  const milliseconds = performance.now() - began;
  subject.expectations.expect(performance.now(), [expectationOf(subject)], `what a ${change.kind} came to (${ended.state})`);
  const { traffic } = await through(() => ebb.client.getAppEnvironment(place));
  const shown = Object.fromEntries(traffic.map(({ version, percent }) => [version, percent]));
  if (JSON.stringify(sorted(shown)) !== JSON.stringify(sorted(subject.shares))) {
    subject.expectations.wrong.push(
      `${subject.app}: ${change.kind} ${ended.id} ended as ${ended.state}, and ${JSON.stringify(shown)} serves instead of ${JSON.stringify(subject.shares)}`,
    );
  }
  return { kind: change.kind, state: ended.state, code: ended.failure?.code, milliseconds };
}

function drawChange(ebb: EbbServer, subject: Subject): Change {
  const { versions, shares, rule } = subject;
  const place = { app: subject.app, env: ENV };
  const version = pick(versions);
  const draw = Math.random();
  if (draw < 0.4) {
    const next = randomShares(versions);
    const after = { shares: next, rule: pick([rule, undefined, pick(versions)]) };
    const targets = Object.entries(next).map(([name, percent]) => ({ version: name, percent }));
    const body: SetTraffic = { targets, rules: after.rule === undefined ? [] : [{ version: after.rule, when: HEADER }] };
    return { kind: "traffic", send: () => ebb.client.setTraffic(place, body), meanwhile: [], after };
  }
  if (draw < 0.55 || (shares[version] ?? 0) === 100) {
    const after = { shares: { [version]: 100 }, rule: undefined };
    return { kind: "rollback", send: () => ebb.client.rollback(place, { to: version }), meanwhile: [], after };
  }
  const aborted = draw < 0.65;
  const shown = Math.random() < 0.5;
  const body: StartRelease = {
    version,
    steps: pick([[100], [25, 100], [10, 50, 100]]),
    pauseSeconds: aborted ? null : 1,
    guard: LENIENT,
    ...(shown ? { when: HEADER } : {}),
  };
  const mixed: Shares = { ...shares, [version]: 1 };
  const meanwhile = [expectationOf({ shares: mixed, rule }), ...(shown ? [{ plain: mixed, canary: { [version]: 100 } }] : [])];
  const after = { shares: { [version]: 100 }, rule };
  return { kind: aborted ? "abort" : "release", send: () => ebb.client.startRelease(place, body), meanwhile, after };
}

/** Two or three versions, or one. */
function randomShares(versions: readonly string[]): Shares {
  const first = pick([5, 10, 25, 50, 100]);
  if (first === 100) return { [pick(versions)]: 100 };
  const [a = "", b = ""] = versions.toSorted(() => Math.random() - 0.5);
  return { [a]: first, [b]: 100 - first };
}

/** The answer may be lost with the platform: then what it had begun is looked for before it is asked again. */
async function sendThrough(ebb: EbbServer, { app }: Subject, change: Change): Promise<Operation> {
  const begun = async () => (await ebb.client.listOperations({ app, environment: ENV, limit: 5 })).items;
  const known = new Set((await through(begun)).map(({ id }) => id));
  return through(async () => {
    const mine = (await begun()).find(({ id }) => !known.has(id));
    return mine ?? change.send();
  });
}

/** Ends a release at a random moment; when it was at its last step, or had ended, it has its way. */
async function abort(ebb: EbbServer, app: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 3000));
  try {
    await through(() => ebb.client.abortRelease({ app, env: ENV }));
  } catch (error) {
    if (error instanceof ApiError && ["operation_not_cancellable", "no_release_running"].includes(error.problem.code)) return;
    throw error;
  }
}

async function allEnded(ebb: EbbServer, app: string, operation: Operation): Promise<Operation> {
  return eventually(
    async () => {
      const { items } = await ebb.client.listOperations({ app, environment: ENV, limit: 10 });
      const ended = items.find(({ id }) => id === operation.id);
      return items.every(({ finishedAt }) => finishedAt !== null) ? ended : undefined;
    },
    DEADLINE,
    100,
  );
}

/** Again while the platform is not there. */
async function through<T>(call: () => Promise<T>): Promise<T> {
  const end = performance.now() + DEADLINE;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ApiError && error.transient) || performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function pick<T>(values: readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)] as T;
}

function sorted(shares: Shares): [string, number][] {
  return Object.entries(shares).sort(([a], [b]) => a.localeCompare(b));
}

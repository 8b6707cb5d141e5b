import type { ReleaseGuard, RuleCondition } from "@ebb/api";
import { codeOf, sleep, type Said } from "@ebb/base";
import { configOf, getPlace, listVersions, rulesOf, type VersionRow } from "../apps/store.ts";
import { PLATFORM_LABELS } from "../cluster/port.ts";
import { versionName } from "../compile/names.ts";
import type { Share } from "../compile/traffic.ts";
import type { PlaceDeps } from "../deploy/context.ts";
import { putBack } from "../deploy/launch.ts";
import { readOwnService, setRouting, sharesOf } from "../deploy/route.ts";
import { previewUrl, publicUrl } from "../deploy/urls.ts";
import { verify } from "../deploy/verify.ts";
import { refusesRequests } from "../environments/sleep.ts";
import { operationError } from "../errors.ts";
import { floorTo, readPoints } from "../metrics/store.ts";
import { addUsage, noUsage, type Usage } from "../metrics/usage.ts";
import type { Run } from "../operations/run.ts";
import { getOperation } from "../operations/store.ts";
import { evaluateGuard, type Verdict } from "./guard.ts";
import { nextStep, type Next, type StepPlan, type StepState } from "./steps.ts";
import { say } from "../operations/words.ts";

/** As it is stored. */
export interface ReleaseRequest extends StepPlan {
  number: number;
  guard: ReleaseGuard;
  when?: RuleCondition[];
}

export interface ReleaseState extends StepState {
  /** Of the version's instances before it began. */
  restarts: number;
  /** Why it is to be rolled back; in words alone where an older Ebb has stored it. */
  breach?: (Said | string)[];
}

const LOOK = 1000;
/** A cluster that is restarted, or upgraded: a bad version may not stay for its sake. */
const UNDO_PATIENCE = 120_000;
/** The finest that the metrics have, seconds. */
const RESOLUTION = 10;

/**
 * Moves the traffic to a version step by step, as long as the guard allows. What it has come to is remembered before each step, so that it
 * goes on after a crash where it was; whatever ends it otherwise than by success, `undoRelease` follows.
 */
export async function release(deps: PlaceDeps, run: Run): Promise<void> {
  const request = run.request() as ReleaseRequest;
  const version = await getActive(deps, run, request.number);
  const before = run.memory().before ?? sharesOf(run.app, await readOwnService(deps, run.app));
  if (run.memory().release === undefined) {
    await run.write({ version: versionName(request.number) });
    await run.remember({ before, release: { step: 0, since: deps.clock.now(), restarts: restartsOf(deps, run.app, request.number) } });
  }
  for (;;) {
    const state = run.memory().release;
    if (!state) return;
    if (state.breach) throw breached(run, request, state.breach);
    await takeStep(deps, run, { request, before, step: state.step, version });
    if (state.step === request.steps.length - 1) return;
    if (!(await pause(deps, run, { request, before }))) return;
  }
}

/** Everything as it was before; nothing when it had not begun. Throws what kept it. */
export async function undoRelease(deps: PlaceDeps, run: Run): Promise<void> {
  const { before, release: state } = run.memory();
  if (before && before.length > 0 && state) await putBack(deps, run, { before, patience: UNDO_PATIENCE });
}

interface Step {
  request: ReleaseRequest;
  before: readonly Share[];
  step: number;
  version: VersionRow;
}

async function takeStep(deps: PlaceDeps, run: Run, { request, before, step, version }: Step): Promise<void> {
  const percent = request.steps[step] ?? 100;
  run.enter(`step ${percent} %`, say("step.moving", { percent, version: versionName(request.number) }));
  const last = percent === 100;
  // From here on it goes to its end; until then it can be aborted.
  if (last) await run.commit();
  const rules = rulesOf(await getPlace(deps.db, run));
  const shares = sharesAt(before, request.number, percent);
  const own = request.when && !last ? [{ number: request.number, when: request.when }] : [];
  const service = await setRouting(deps, run, { shares, rules: [...own, ...rules], also: [request.number] });
  const url = publicUrl(service, deps.ingress);
  await run.write({ url: url ?? null });
  if (!last) return;
  // Its own host shows a page while its environment is asleep.
  const asked = refusesRequests(deps.environment) ? previewUrl(service, request.number, deps.ingress) : url;
  if (asked !== undefined) {
    const status = await verify(deps, run, new URL(asked), configOf(version).plan.health.path ?? "/");
    run.say(say("verify.answered", { url: asked, status }));
  }
  await run.remember({ shares: [...shares] });
}

/** Of what is left, the others get as much of each other as before. Adds up to 100. */
export function sharesAt(before: readonly Share[], number: number, percent: number): Share[] {
  const others = before.filter((share) => share.number !== number && share.percent > 0);
  const total = others.reduce((sum, share) => sum + share.percent, 0);
  if (percent === 100 || total === 0) return [{ number, percent: 100 }];
  let left = 100 - percent;
  const kept = others.map((share, index) => {
    const mine = index === others.length - 1 ? left : Math.floor(((100 - percent) * share.percent) / total);
    left -= mine;
    return { number: share.number, percent: mine };
  });
  return [{ number, percent }, ...kept].filter((share) => share.percent > 0);
}

/** Waits until the next step may come, and remembers it; throws `guard_breached`. False: there is no next one. */
async function pause(deps: PlaceDeps, run: Run, of: { request: ReleaseRequest; before: readonly Share[] }): Promise<boolean> {
  const { clock, db } = deps;
  const { request, before } = of;
  for (;;) {
    const state = run.memory().release;
    if (!state) return false;
    const verdict = await judge(deps, run, { request, before, state });
    const { continued } = await getOperation(db, run.id);
    const next = nextStep(request, state, { time: clock.now(), verdict, continued });
    switch (next.do) {
      case "finish":
        return false;
      case "advance":
        if (verdict.state !== "breached") run.say(say(`watch.${verdict.state}`, verdict.figures));
        await run.remember({ release: { ...state, step: state.step + 1, since: clock.now() } });
        return true;
      case "roll back":
        // Remembered, so that it is not tried again when the process ends in the middle of going back.
        await run.remember({ release: { ...state, breach: reasonsOf(verdict) } });
        throw breached(run, request, reasonsOf(verdict));
      case "wait":
        if (verdict.state !== "breached") run.say(waiting(verdict, next));
        await sleep(clock, LOOK, run.signal);
    }
  }
}

async function judge(
  deps: PlaceDeps,
  { app, env }: Run,
  { request, before, state }: { request: ReleaseRequest; before: readonly Share[]; state: ReleaseState },
): Promise<Verdict> {
  const from = floorTo(RESOLUTION, state.since);
  const points = await readPoints(deps.db, { app, env, step: RESOLUTION, from, to: deps.clock.now() + 1 });
  const of = (wanted: (version: number) => boolean): Usage =>
    points.filter(({ version }) => wanted(version)).reduce((sum, { usage }) => addUsage(sum, usage), noUsage());
  const old = of((version) => version !== request.number && before.some(({ number }) => number === version));
  const restarts = Math.max(0, restartsOf(deps, app, request.number) - state.restarts);
  return evaluateGuard(
    old,
    of((version) => version === request.number),
    restarts,
    request.guard,
  );
}

function restartsOf({ cluster }: PlaceDeps, app: string, number: number): number {
  const pods = cluster.pods(app).filter((pod) => pod.metadata.labels?.[PLATFORM_LABELS.version] === versionName(number));
  return pods.flatMap((pod) => pod.status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + (restartCount ?? 0), 0);
}

async function getActive(deps: PlaceDeps, run: Run, number: number): Promise<VersionRow> {
  const version = (await listVersions(deps.db, run)).find((row) => row.number === number && row.state === "active");
  if (version) return version;
  throw operationError("version_gone", `${versionName(number)} of ${run.app} is no longer there`, {
    hint: "List them with: ebb versions.",
  });
}

const reasonsOf = (verdict: Verdict): Said[] => (verdict.state === "breached" ? verdict.reasons : []);

/** How it does, and what it waits for. */
function waiting({ state, figures }: Exclude<Verdict, { state: "breached" }>, next: Extract<Next, { do: "wait" }>): Said {
  if (next.for === "time") return say(`watch.${state}-time`, { ...figures, time: new Date(next.until).toISOString().slice(11, 19) });
  if (next.for === "continue") return say(`watch.${state}-continue`, figures);
  // For more requests waits only what cannot be judged yet.
  return say("watch.undecided-requests", figures);
}

function breached({ app, env }: Run, { number }: ReleaseRequest, reasons: readonly (Said | string)[]): Error {
  const version = versionName(number);
  const chain = reasons.map((reason) => (typeof reason === "string" ? reason : reason.words));
  const said = say("guard.taken-back", { version });
  return operationError("guard_breached", `${said.words}: ${chain[0]}`, {
    hint: `Look at its log: ebb logs ${app} --env ${env} --version ${version}.`,
    details: {
      chain,
      said: codeOf(said),
      saidChain: reasons.map((reason) => (typeof reason === "string" ? null : codeOf(reason))),
    },
  });
}

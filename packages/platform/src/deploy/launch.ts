import { backoffDelay, causeChain, sleep, TransientError, type Said } from "@ebb/base";
import { compileService } from "../compile/service.ts";
import { refusesRequests } from "../environments/sleep.ts";
import { versionName } from "../compile/names.ts";
import { compileTraffic, type Share } from "../compile/traffic.ts";
import type { Mirror, Rule } from "../compile/virtual-service.ts";
import { Interrupted, type Run } from "../operations/run.ts";
import { configOf, getPlace, listVersions, mirrorOf, rulesOf, type VersionRow } from "../apps/store.ts";
import type { PlaceDeps } from "./context.ts";
import { keepingNone, ledTo, ledToMark } from "./kept-instances.ts";
import { previewable, readOwnService, setRouting, sharesOf } from "./route.ts";
import { awaitReady } from "./start.ts";
import { previewUrl, publicUrl } from "./urls.ts";
import { verify } from "./verify.ts";
import { say } from "../operations/words.ts";

/** Longest that putting the old split back may take: less than an operation that was aborted is waited for. */
const RESTORE_TIMEOUT = 20_000;
const RESTORE_BACKOFF = { base: 250, max: 2000, factor: 2 };

/**
 * Brings a stored version up: create → start → route → verify. Until `route` the traffic stays where it is; when the version does not
 * answer through the route, the traffic goes back to where it was.
 */
export async function launch(deps: PlaceDeps, run: Run, version: VersionRow, noTraffic: boolean): Promise<void> {
  const { number } = version;
  const name = versionName(number);
  run.enter("create", say("create.creating", { version: name }));
  await run.write({ version: name });
  const present = await readOwnService(deps, run.app);
  const active = new Set((await listVersions(deps.db, run)).filter((other) => other.state === "active").map((other) => other.number));
  // Pinned to what serves; with nothing that ever did, the new version is the only thing there can be.
  const serving = sharesOf(run.app, present).filter((share) => active.has(share.number));
  const before = run.memory().before ?? (serving.length > 0 ? sharesOf(run.app, present) : []);
  await run.remember({ before });
  await orRestore(deps, run, before, async () => {
    const pinned = before.length > 0 ? before : [{ number, percent: 100 }];
    const place = await getPlace(deps.db, run);
    const led = ledTo({ rules: rulesOf(place), mirror: mirrorOf(place), shares: pinned });
    const stay = noTraffic && before.length > 0;
    const traffic = compileTraffic(run.app, pinned, { previews: await previewable(deps, run), kept: [...led] });
    const config = configOf(version);
    const service = compileService(
      {
        app: run.app,
        number,
        hosting: { host: place.host, suffix: deps.environment.host_suffix },
        marks: ledToMark(run.app, stay ? led : new Set([...led, number])),
      },
      stay ? keepingNone(config) : config,
      traffic,
    );
    // Created before a crash: a template may not change under its name, not even by what the cluster has filled in.
    const created = present?.spec.template.metadata?.name === service.spec.template.metadata?.name ? present?.spec.template : undefined;
    await deps.cluster.putService(created ? { ...service, spec: { ...service.spec, template: created } } : service);

    run.enter("start", say("start.starting", { version: name }));
    await awaitReady(deps, run, number);

    run.enter("route", say(stay ? "route.preview" : "route.moving", { version: name }));
    const shares = stay ? before : [{ number, percent: 100 }];
    await move(deps, run, { shares, number, path: config.plan.health.path ?? "/", preview: noTraffic });
  });
}

export interface Move {
  shares: Share[];
  /** Those that the app has, when absent. */
  rules?: Rule[] | undefined;
  mirror?: Mirror | null | undefined;
  /** The version that must answer. */
  number: number;
  path: string;
  /** Ask for it at its preview URL. */
  preview: boolean;
}

/** Sets the split and makes sure that it answers; puts back `before` when it does not. */
export function moveTraffic(deps: PlaceDeps, run: Run, before: Share[], what: Move): Promise<void> {
  return orRestore(deps, run, before, () => move(deps, run, what));
}

async function move(deps: PlaceDeps, run: Run, what: Move): Promise<void> {
  await run.commit();
  const service = await setRouting(deps, run, { ...what, also: [what.number] });
  const url = publicUrl(service, deps.ingress);
  const preview = previewUrl(service, what.number, deps.ingress);
  // Its own host shows a page while its environment is asleep.
  const target = what.preview || refusesRequests(deps.environment) ? (preview ?? url) : url;
  run.enter("verify", say("verify.asking", { url: target ?? "its URL" }));
  await run.write({ url: url ?? null, preview_url: preview ?? null });
  if (target !== undefined) run.say(say("verify.answered", { url: target, status: await verify(deps, run, new URL(target), what.path) }));
  await run.remember({
    shares: what.shares,
    ...(what.rules ? { rules: what.rules } : {}),
    ...(what.mirror === undefined ? {} : { mirror: what.mirror }),
  });
}

/**
 * The work; when it fails for good after the traffic may have moved (in this run or in one before a crash), the traffic is put back.
 * Nothing is put back when the operation goes on later.
 */
async function orRestore(deps: PlaceDeps, run: Run, before: Share[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const reason: unknown = run.signal.aborted ? run.signal.reason : error;
    const final = !(reason instanceof Interrupted) && !(reason instanceof TransientError);
    if (final && run.committed && before.length > 0) await restore(deps, run, before);
    throw error;
  }
}

/** As `putBack`; what goes wrong is logged: the operation ends for the reason that it had before. */
async function restore(deps: PlaceDeps, run: Run, before: Share[]): Promise<void> {
  try {
    await putBack(deps, run, { before, patience: RESTORE_TIMEOUT });
  } catch (error) {
    deps.log.error({ operation: run.id, causes: causeChain(error) }, "the traffic could not be put back");
  }
}

/**
 * Back to this split, and to the rules that the app has; tried again while the cluster is away (one that is restarted takes seconds), for
 * `patience` milliseconds in all. Throws what kept it.
 */
export async function putBack(deps: PlaceDeps, run: Run, { before, patience }: { before: Share[]; patience: number }): Promise<void> {
  const limit = new AbortController();
  const timer = deps.clock.after(patience, () =>
    limit.abort(new TransientError("cluster_unavailable", `The cluster did not take the old split within ${patience / 1000} s`)),
  );
  run.log("Putting the traffic back to where it was");
  const work = { app: run.app, env: run.env, signal: limit.signal, say: (message: string | Said) => run.say(message) };
  try {
    for (let failures = 1; ; failures++) {
      try {
        // With the rules of before too: the app's row has them until the operation has succeeded.
        await setRouting(deps, work, { shares: before });
        return;
      } catch (error) {
        if (limit.signal.aborted || !(error instanceof TransientError)) throw error;
        await sleep(deps.clock, backoffDelay(RESTORE_BACKOFF, failures), limit.signal);
      }
    }
  } catch (error) {
    run.log(`The traffic could not be put back: ${causeChain(error).join(": ")}`);
    throw error;
  } finally {
    timer.cancel();
  }
}

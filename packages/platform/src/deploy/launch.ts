import { causeChain, UserError } from "@ebb/base";
import { compileService } from "../compile/service.ts";
import { versionName } from "../compile/names.ts";
import { compileTraffic, type Share } from "../compile/traffic.ts";
import type { Run } from "../operations/run.ts";
import { configOf, listVersions, type VersionRow } from "./apps.ts";
import type { Deps } from "./context.ts";
import { previewable, readOwnService, setShares, sharesOf } from "./route.ts";
import { awaitReady } from "./start.ts";
import { previewUrl, publicUrl } from "./urls.ts";
import { verify } from "./verify.ts";

/** Longest that putting the old split back may take. */
const RESTORE_TIMEOUT = 20_000;

/**
 * Brings a stored version up: create → start → route → verify. Until `route` the traffic stays where it is; when the version does not
 * answer through the route, the traffic goes back to where it was.
 */
export async function launch(deps: Deps, run: Run, version: VersionRow, noTraffic: boolean): Promise<void> {
  const { number } = version;
  const name = versionName(number);
  run.enter("create", `Creating ${name}`);
  await run.write({ version: name });
  const present = await readOwnService(deps, run.app);
  const active = new Set((await listVersions(deps.db, run.app)).filter((other) => other.state === "active").map((other) => other.number));
  // Pinned to what serves; with nothing that ever did, the new version is the only thing there can be.
  const serving = sharesOf(run.app, present).filter((share) => active.has(share.number));
  const before = run.memory().before ?? (serving.length > 0 ? sharesOf(run.app, present) : []);
  await run.remember({ before });
  const pinned = before.length > 0 ? before : [{ number, percent: 100 }];
  const traffic = compileTraffic(run.app, pinned, await previewable(deps, run.app));
  await deps.cluster.putService(compileService(run.app, number, configOf(version), traffic));

  run.enter("start", `Starting ${name}`);
  await awaitReady(deps, run, number);

  run.enter("route", noTraffic && before.length > 0 ? `Giving ${name} its preview URL` : `Moving the traffic to ${name}`);
  const shares = noTraffic && before.length > 0 ? before : [{ number, percent: 100 }];
  await moveTraffic(deps, run, { shares, before, number, path: configOf(version).plan.health.path ?? "/", preview: noTraffic });
}

export interface Move {
  shares: Share[];
  /** Where the traffic goes back to if it fails. */
  before: Share[];
  /** The version that must answer. */
  number: number;
  path: string;
  /** Ask for it at its preview URL. */
  preview: boolean;
}

/** Sets the split and makes sure that it answers; what is recorded of it is recorded with the operation's end. */
export async function moveTraffic(deps: Deps, run: Run, move: Move): Promise<void> {
  await run.commit();
  try {
    const service = await setShares(deps, run, move.shares, [move.number]);
    const url = publicUrl(service, deps.ingress);
    const preview = previewUrl(service, move.number, deps.ingress);
    const target = move.preview ? (preview ?? url) : url;
    run.enter("verify", `Asking for ${target ?? "its URL"}`);
    await run.write({ url: url ?? null, preview_url: preview ?? null });
    if (target !== undefined) run.say(`${target} answered ${await verify(deps, run, new URL(target), move.path)}`);
    await run.remember({ shares: move.shares });
  } catch (error) {
    if (!isPassing(run, error)) await restore(deps, run, move.before);
    throw error;
  }
}

/** Whether the operation goes on later: put nothing back then. */
function isPassing(run: Run, error: unknown): boolean {
  const reason: unknown = run.signal.aborted ? run.signal.reason : error;
  return !(reason instanceof UserError);
}

async function restore(deps: Deps, run: Run, before: Share[]): Promise<void> {
  if (before.length === 0) return;
  const limit = new AbortController();
  const timer = deps.clock.after(RESTORE_TIMEOUT, () => limit.abort(new Error("the old split could not be put back in time")));
  try {
    run.log("Putting the traffic back to where it was");
    await setShares(deps, { app: run.app, signal: limit.signal, say: (message) => run.say(message) }, before);
  } catch (error) {
    run.log(`The traffic could not be put back: ${causeChain(error).join(": ")}`);
    deps.log.error({ operation: run.id, causes: causeChain(error) }, "the traffic could not be put back");
  } finally {
    timer.cancel();
  }
}

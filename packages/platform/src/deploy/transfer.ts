import { isDeepStrictEqual } from "node:util";
import type { MoveReason } from "@ebb/api";
import { TRAFFIC_POLICY, type KnativeService } from "@ebb/kube";
import { configOf, getPlace, listVersions, mirrorOf, rulesOf, trafficHistory, type Place, type VersionRow } from "../apps/store.ts";
import { conditionOf } from "../cluster/diagnose.ts";
import { revisionName, versionName } from "../compile/names.ts";
import { compileService } from "../compile/service.ts";
import { compileTraffic, largestShare, type Share } from "../compile/traffic.ts";
import { refusesRequests } from "../environments/sleep.ts";
import { operationError } from "../errors.ts";
import { say } from "../operations/words.ts";
import type { PlaceDeps } from "./context.ts";
import { renewHeldHosts } from "./hold-hosts.ts";
import { istioGuardOf } from "./istio-guards.ts";
import { livePolicy, policyMarks } from "./live-policy.ts";
import { readOwnService, setRouting, sharesOf, type Work } from "./route.ts";
import { sleepToo } from "./sleep.ts";
import { awaitReady } from "./start.ts";
import { previewUrl, publicUrl } from "./urls.ts";
import { verify } from "./verify.ts";

/** An environment on two clusters. */
export interface Between {
  here: PlaceDeps;
  there: PlaceDeps;
}

/**
 * Brings up there what serves here, and what a rule, copies of requests, a pin or one rollback lead to: the very artifacts, with the very values that each
 * was made with. Ends when it has answered there. Nothing changes here. May be repeated.
 */
export async function copyApp({ here, there }: Between, work: Work): Promise<void> {
  const load = await loadOf(here, work);
  if (!load) return;
  const { shares, largest } = load;
  const versions = load.goes.map(({ version }) => version);
  for (const version of versions) await bringUp({ here, there }, work, { version, versions, first: largest });
  await copyLiveSettings({ here, there }, work);
  const service = await setRouting(there, work, { shares, also: versions.map(({ number }) => number) });
  if (await there.cluster.guard.supported()) await there.cluster.guard.put(work.app, (await istioGuardOf(there, work, service)).objects);
  await answers(there, work, service, largest);
  await sleepToo(there, work);
}

/** Who may come, and by what it is scaled: set on the Service itself, over what its versions say. */
export async function copyLiveSettings({ here, there }: Between, work: Work): Promise<void> {
  const source = await here.cluster.readService(work.app);
  const copy = await there.cluster.readService(work.app);
  if (!source || !copy) return;
  const policy = source.metadata.annotations?.[TRAFFIC_POLICY] ?? null;
  const annotations = { ...policyMarks(copy, livePolicy(source)), [TRAFFIC_POLICY]: policy };
  const has = Object.fromEntries(Object.keys(annotations).map((name) => [name, copy.metadata.annotations?.[name] ?? null]));
  if (isDeepStrictEqual(has, annotations)) return;
  await there.cluster.markService(work.app, { labels: {}, annotations });
  await renewHeldHosts(there, work);
}

/** What of an app goes along when its environment moves. */
export interface Load {
  shares: Share[];
  /** What has most of the traffic. */
  largest: VersionRow;
  /** By number. */
  goes: { version: VersionRow; because: MoveReason }[];
}

/** Undefined: nothing of it has ever served. */
export async function loadOf(here: PlaceDeps, { app, env }: Place): Promise<Load | undefined> {
  const { db, cluster } = here;
  const source = await readOwnService(here, app);
  const present = await listVersions(db, { app, env });
  const active = new Map(present.flatMap((version) => (version.state === "active" ? [[version.number, version] as const] : [])));
  const shares = sharesOf(app, source).filter(({ number }) => active.has(number));
  const serving = largestShare(shares);
  const largest = active.get(serving ?? 0);
  if (!source || !largest) return undefined;
  const place = await getPlace(db, { app, env });
  const before = (await trafficHistory(db, { app, env })).map(largestShare).find((number) => number !== undefined && number !== serving);
  const serves = new Set(shares.map(({ number }) => number));
  const routed = new Set([...rulesOf(place), ...[mirrorOf(place) ?? []].flat()].map(({ number }) => number));
  const reasonOf = ({ number, pinned }: VersionRow): MoveReason | undefined => {
    if (serves.has(number)) return "serves";
    if (routed.has(number)) return "routed";
    // One that the cluster has let go cannot serve here either.
    if (cluster.revision(revisionName(app, number)) === undefined) return undefined;
    return pinned !== "" ? "pinned" : number === before ? "before" : undefined;
  };
  const goes = [...active.values()].flatMap((version) => {
    const because = reasonOf(version);
    return because === undefined ? [] : [{ version, because }];
  });
  return { shares, largest, goes: goes.sort((a, b) => a.version.number - b.version.number) };
}

interface Coming {
  version: VersionRow;
  versions: readonly VersionRow[];
  /** What has most of the traffic. */
  first: VersionRow;
}

async function bringUp({ here, there }: Between, work: Work, { version, versions, first }: Coming): Promise<void> {
  const { app } = work;
  const { number } = version;
  const ready = (each: VersionRow) =>
    conditionOf(there.cluster.revision(revisionName(app, each.number))?.status?.conditions, "Ready")?.status === "True";
  if (ready(version)) return;
  work.say(say("start.starting", { version: `${app} ${versionName(number)}` }));
  const config = configOf(version);
  if (config.secretName !== null) {
    const values = await here.cluster.readSecret(config.secretName);
    if (!values) {
      throw operationError(
        "secret_values_lost",
        `The Secret ${config.secretName} of ${app} ${versionName(number)} is gone from its cluster`,
        {
          hint: `Set them anew, which makes a version that has them: ebb secrets set ${app} --env ${work.env} NAME.`,
        },
      );
    }
    await there.cluster.createSecret(app, config.secretName, values);
  }
  const kept = versions.filter(ready).map((each) => each.number);
  const lead = kept.includes(first.number) ? first.number : (kept[0] ?? number);
  const { host } = await getPlace(there.db, work);
  const traffic = compileTraffic(app, [{ number: lead, percent: 100 }], { previews: [], kept });
  const service = compileService({ app, number, hosting: { host, suffix: there.environment.host_suffix } }, config, traffic);
  const present = await there.cluster.readService(app);
  // Created before a crash: a template may not change under its name, not even by what the cluster has filled in.
  const created = present?.spec.template.metadata?.name === service.spec.template.metadata?.name ? present?.spec.template : undefined;
  await there.cluster.putService(created ? { ...service, spec: { ...service.spec, template: created } } : service);
  await awaitReady(there, work, number);
}

async function answers(there: PlaceDeps, work: Work, service: KnativeService, version: VersionRow): Promise<void> {
  const own = publicUrl(service, there.ingress);
  // Its own host shows a page while its environment is asleep.
  const url = refusesRequests(there.environment) ? (previewUrl(service, version.number, there.ingress) ?? own) : own;
  if (url === undefined) return;
  const path = configOf(version).plan.health.path ?? "/";
  work.say(say("verify.answered", { url, status: await verify(there, work, new URL(url), path) }));
}

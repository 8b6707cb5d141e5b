import type { Approval } from "@ebb/api";
import { UserError } from "@ebb/base";
import { configChanges } from "../apps/diff.ts";
import { configOf, findPlace, listVersions, mirrorOf, originOf, rulesOf, trafficHistory, type VersionRow } from "../apps/store.ts";
import { versionName } from "../compile/names.ts";
import { mergedConfig, planOfImage, versionConfig, type Artifact, type VersionConfig } from "../compile/version-config.ts";
import type { Mirror, Rule } from "../compile/virtual-service.ts";
import { largestShare, type Share } from "../compile/traffic.ts";
import { readLayers, type Scope, type StoredLayers } from "../configuration/store.ts";
import type { Database } from "../database/database.ts";
import type { ConfigRequest, DeployRequest, PromoteRequest, TrafficRequest } from "../deploy/context.ts";
import type { MoveRequest } from "../deploy/move.ts";
import { policiesOf, scalingIn } from "../environments/policies.ts";
import { findEnvironment } from "../environments/store.ts";
import type { ReleaseRequest } from "../releases/run-release.ts";
import type { OperationRow } from "../operations/store.ts";

type Changes = Approval["changes"];

/** An app's configuration has at most 256 variables and as many secrets; the rest is short. */
const MOST_CHANGES = 600;
/** For people to read: of what is longer, its beginning. */
const LONGEST_VALUE = 500;

/** What an app is in an environment before the operation, as far as the database knows. */
export interface Present {
  shares: readonly Share[];
  rules: readonly Rule[];
  mirror: Mirror | null;
  serving: VersionRow | undefined;
  layers: StoredLayers;
  host: string | null;
}

/** What an operation would change against what there is now; a secret by its name only. */
export async function changesOf(db: Database, operation: OperationRow): Promise<Changes> {
  return (await changesByKind(db, operation))
    .slice(0, MOST_CHANGES)
    .map(({ path, from, to }) => ({ path, from: short(from), to: short(to) }));
}

async function changesByKind(db: Database, operation: OperationRow): Promise<Changes> {
  const { kind, app, env, team } = operation;
  const request: unknown = JSON.parse(operation.request_json);
  if (kind === "delete") {
    const what = app === "" ? (env === "" ? `team ${team}` : `environment ${env}`) : env === "" ? `app ${app}` : `app ${app} in ${env}`;
    return [{ path: what, from: "present", to: null }];
  }
  if (kind === "sleep" || kind === "wake") {
    const words = { sleep: "asleep", wake: "awake" };
    return [{ path: `environment ${env}`, from: words[kind === "sleep" ? "wake" : "sleep"], to: words[kind] }];
  }
  if (kind === "move") {
    const { names } = request as MoveRequest;
    return [{ path: `environment ${env}: cluster`, from: names.from, to: names.to }];
  }
  const present = await readPresent(db, { team, app, env });
  if (kind === "traffic") {
    const { shares, rules, mirror } = request as TrafficRequest;
    const copies = mirror === undefined ? [] : [{ path: "mirror", from: mirrorText(present.mirror), to: mirrorText(mirror) }];
    return [...trafficChanges(present.shares, shares), ...(rules ? ruleChanges(present.rules, rules) : []), ...copies];
  }
  if (kind === "release") {
    const { number, steps, when } = request as ReleaseRequest;
    const how = [{ path: "steps", from: null, to: steps.map((percent) => `${percent} %`).join(", ") }];
    return [...trafficChanges(present.shares, [{ number, percent: 100 }]), ...how, ...ruleChanges([], when ? [{ number, when }] : [])];
  }
  if (kind === "config") return settingsChanges(present, request as ConfigRequest);
  if (kind === "restart") {
    const config = present.serving && configOf(present.serving);
    const settings = config ? await versionChanges(db, operation, present, config) : [];
    return [{ path: "instances", from: servingName(present), to: "started anew" }, ...settings];
  }
  if (kind === "promote") {
    const { from, noTraffic } = request as PromoteRequest;
    const source = (await listVersions(db, { app, env: from.environment })).find(({ number }) => number === from.version);
    const version = { path: "version", from: servingName(present), to: `${versionName(from.version)} of ${from.environment}` };
    return [version, ...(source ? await versionChanges(db, operation, present, configOf(source)) : []), ...newShare(present, noTraffic)];
  }
  const deploy = request as DeployRequest;
  const shared = [...commitChange(present, deploy.commit), ...newShare(present, deploy.noTraffic)];
  if ("source" in deploy) return [{ path: "source", from: servingName(present), to: `upload ${deploy.source.upload}` }, ...shared];
  if ("git" in deploy) {
    const { url, ref, folder } = deploy.git;
    return [{ path: "source", from: servingName(present), to: `${ref || "HEAD"} of ${url}${folder && `, ${folder}`}` }, ...shared];
  }
  const made = { plan: planOfImage(deploy.image), image: deploy.image.image, bundle: false };
  return [...(await versionChanges(db, operation, present, made)), ...shared];
}

async function readPresent(db: Database, place: Scope): Promise<Present> {
  const [history, versions, row] = [await trafficHistory(db, place), await listVersions(db, place), await findPlace(db, place)];
  const shares = history[0] ?? [];
  const largest = largestShare(shares);
  return {
    shares,
    serving: versions.find(({ number }) => number === largest),
    layers: await readLayers(db, place),
    rules: row ? rulesOf(row) : [],
    mirror: row ? mirrorOf(row) : null,
    host: row?.host ?? null,
  };
}

/** The configuration that the new version would have, against that of the one that serves. */
async function versionChanges(db: Database, { team, env }: OperationRow, present: Present, made: Artifact): Promise<Changes> {
  const before = present.serving && configOf(present.serving);
  const environment = await findEnvironment(db, team, env);
  const config = shownConfig(made, present.layers);
  const after: VersionConfig = environment ? { ...config, scaling: scalingIn(policiesOf(environment), made.plan.scaling) } : config;
  const image = before?.image === after.image ? [] : [{ path: "image", from: before?.image ?? null, to: after.image }];
  return [...image, ...configChanges(before, after)];
}

/**
 * What a version would be made of, as far as it can be said now: a secret that is not set may be until it is approved, and so may what a
 * variable refers to; the operation fails by its name if it is not.
 */
function shownConfig(made: Artifact, layers: StoredLayers): VersionConfig {
  const merged = mergedConfig(made, layers);
  const secrets = Object.fromEntries(Object.entries(made.plan.secrets).filter(([, key]) => merged.get(key)?.kind === "secret"));
  try {
    return versionConfig({ ...made, plan: { ...made.plan, secrets } }, layers, null);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const env = [...merged].flatMap(([name, { kind, text }]) => (kind === "variable" ? [[name, text] as const] : []));
    return { ...made, env: Object.fromEntries(env), secrets, secretName: null };
  }
}

/** By version, those that keep their share left out. */
export function trafficChanges(before: readonly Share[], after: readonly Share[]): Changes {
  const percentOf = (shares: readonly Share[], number: number) => {
    const share = shares.find((each) => each.number === number);
    return share && share.percent > 0 ? `${share.percent} %` : null;
  };
  const numbers = [...new Set([...before, ...after].map(({ number }) => number))].sort((a, b) => a - b);
  return numbers.flatMap((number) => {
    const [from, to] = [percentOf(before, number), percentOf(after, number)];
    return from === to ? [] : [{ path: `traffic.${versionName(number)}`, from, to }];
  });
}

function mirrorText(mirror: Mirror | null): string | null {
  return (
    mirror &&
    `${mirror.percent} % of ${mirror.methods === "all" ? "all requests" : "requests that change nothing"} to ${versionName(mirror.number)}`
  );
}

/** By their place, which is their precedence. */
export function ruleChanges(before: readonly Rule[], after: readonly Rule[]): Changes {
  const shown = (rule: Rule | undefined) => (rule ? `${versionName(rule.number)} when ${JSON.stringify(rule.when)}` : null);
  return Array.from({ length: Math.max(before.length, after.length) }, (_, at) => {
    const [from, to] = [shown(before[at]), shown(after[at])];
    return { path: `rules.${at + 1}`, from, to };
  }).filter(({ from, to }) => from !== to);
}

/** Variables with their values; secrets by whether they are set. */
export function settingsChanges({ layers, serving, host }: Present, { host: to, changes = [], rollout }: ConfigRequest): Changes {
  const merged = mergedConfig({ plan: { env: serving ? configOf(serving).plan.env : {} } }, layers);
  const settings = changes.flatMap(({ name, kind, text }): Changes => {
    const present = merged.get(name);
    const variable = present?.kind === "variable" ? present.text : null;
    const secret = present?.kind === "secret" ? "set" : null;
    return [
      { path: `variables.${name}`, from: variable, to: kind === "variable" ? text : null },
      { path: `secrets.${name}`, from: secret, to: kind !== "secret" ? null : secret === null ? "set" : "set anew" },
    ];
  });
  const hosts = to === undefined ? [] : [{ path: "host", from: host, to }];
  return [...hosts, ...settings, ...(rollout?.changes ?? [])].filter(({ from, to: after }) => from !== after);
}

function servingName({ serving }: Present): string | null {
  return serving ? versionName(serving.number) : null;
}

function commitChange({ serving }: Present, commit: string | undefined): Changes {
  const from = serving ? (originOf(serving).commit ?? null) : null;
  return commit === undefined || commit === from ? [] : [{ path: "commit", from, to: commit }];
}

function newShare(present: Present, noTraffic: boolean): Changes {
  return noTraffic ? [] : [...trafficChanges(present.shares, []), { path: "traffic.new version", from: null, to: "100 %" }];
}

function short(value: string | null): string | null {
  return value !== null && value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}…` : value;
}

import type { VersionDiff } from "@ebb/api";
import type { VersionConfig } from "../compile/version-config.ts";
import { digestOf } from "./store.ts";

export interface ComparedVersion {
  environment: string;
  version: string;
  config: VersionConfig;
}

/** What differs between two versions, their artifact aside: sorted by path, absent on one side where it is null. Pure. */
export function diffVersions(app: string, from: ComparedVersion, to: ComparedVersion): VersionDiff {
  return {
    app,
    from: shown(from),
    to: shown(to),
    sameArtifact: from.config.image === to.config.image,
    changes: configChanges(from.config, to.config),
  };
}

/** What differs, the image aside; against nothing, everything does. */
export function configChanges(from: VersionConfig | undefined, to: VersionConfig): VersionDiff["changes"] {
  const before = from ? flatten(from) : new Map<string, string>();
  const after = flatten(to);
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => {
    const [a, b] = [before.get(path) ?? null, after.get(path) ?? null];
    if (a === b) return [];
    // What tells two values of a secret apart is nobody's to see.
    return path.startsWith(SECRETS) ? [{ path, from: a && "set", to: b && (a === null ? "set" : "set anew") }] : [{ path, from: a, to: b }];
  });
}

/** All of it but the image, sorted by path. */
export function configurationOf(config: VersionConfig): { path: string; value: string }[] {
  return [...flatten(config)]
    .map(([path, value]) => ({ path, value: path.startsWith(SECRETS) ? "set" : value }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
const SECRETS = "secrets.";

function shown({ environment, version, config }: ComparedVersion): VersionDiff["from"] {
  return { environment, version, image: config.image, digest: digestOf(config) };
}

type Fact = string | number | undefined;

/** Everything that shapes its Revision but its image, by a path that people understand. */
function flatten({ plan, env, secrets, secretName, prints, scaling }: VersionConfig): Map<string, string> {
  const { command, port, protocol, resources, health, timeoutSeconds } = plan;
  const { concurrency, target } = plan.scaling;
  const facts: Record<string, Fact> = {
    command: command?.join(" "),
    port,
    protocol,
    timeoutSeconds,
    "resources.cpu": resources.cpu,
    "resources.memory": resources.memory,
    "health.path": health.path,
    "health.initialDelaySeconds": health.initialDelaySeconds,
    "health.timeoutSeconds": health.timeoutSeconds,
    "scaling.concurrency": concurrency,
    "scaling.target": target,
    ...prefixed("scaling", { ...(scaling ?? { min: plan.scaling.min, max: plan.scaling.max, idleSeconds: plan.scaling.idleSeconds }) }),
    ...prefixed("variables", env),
    // Before there were prints, another object meant that something in it was set anew.
    ...prefixed("secrets", Object.fromEntries(Object.entries(secrets).map(([name, key]) => [name, prints?.[key] ?? secretName ?? "none"]))),
  };
  return new Map(Object.entries(facts).flatMap(([path, value]) => (value === undefined ? [] : [[path, String(value)] as const])));
}

function prefixed(prefix: string, values: Readonly<Record<string, Fact>>): Record<string, Fact> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));
}

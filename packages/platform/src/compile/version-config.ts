import type { DeployImage } from "@ebb/api";
import type { AppPlan } from "@ebb/builder";
import type { AskedScaling } from "../environments/policies.ts";
import {
  mergeLayers,
  printOfResolved,
  ReferenceFault,
  resolve,
  type Entry,
  type Layer,
  type LayerValues,
  type Merged,
  type Resolved,
  type Value,
} from "../configuration/resolve.ts";
import { operationError, refuse } from "../errors.ts";

/** Everything that a version's Revision is compiled from, kept with the version; secret values are not among it. */
export interface VersionConfig {
  plan: AppPlan;
  image: string;
  /** A bundle has its command in its manifest; an image takes the plan's, if it has one. */
  bundle: boolean;
  /** The plan's variables with the app's over them. */
  env: Record<string, string>;
  /** Variable → key in the Secret object. */
  secrets: Record<string, string>;
  secretName: string | null;
  /** By key: another one means another value. Versions from before the database held secrets have none. */
  prints?: Record<string, string>;
  /** What it gets of what its plan asks for, by the environment's policies at that time. */
  scaling?: AskedScaling;
}

/** Set by the platform for each instance (Knative refuses them in a manifest). */
const RESERVED = new Set(["PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"]);

/** Throws `reserved_variable` for names that the platform sets, and `invalid_variable` for values that no environment can hold. */
export function checkVariables(variables: Record<string, string | null>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (RESERVED.has(name)) {
      throw refuse("reserved_variable", `The platform sets ${name} itself`, {
        hint: "Use another name; state the port in ebb.yaml or with --port.",
      });
    }
    if (value?.includes("\0")) throw refuse("invalid_variable", `The value of ${name} contains a NUL character`);
  }
}

/** What a version is made of, before the settings of an environment. */
export interface Artifact {
  plan: AppPlan;
  image: string;
  bundle: boolean;
}

/**
 * The configuration of a new version: what its source states with the stored layers over it. `object` is the Secret that will hold the values
 * of `secretValues`. Throws `secret_missing` and `configuration_invalid`.
 */
export function versionConfig(made: Artifact, layers: Layers, object: string | null): VersionConfig {
  const merged = mergedConfig(made, layers);
  const resolved = resolveOrRefuse(merged, (_, entry) => entry.text);
  const secrets: Record<string, string> = {};
  const prints: Record<string, string> = {};
  const env: Record<string, string> = {};
  for (const [name, each] of resolved) {
    if (!each.secret) env[name] = each.value;
    else {
      secrets[name] = name;
      prints[name] = merged.get(name)?.kind === "secret" ? each.value : printOfResolved(each);
    }
  }
  const { plan } = made;
  for (const [variable, key] of Object.entries(plan.secrets)) {
    if (merged.get(key)?.kind !== "secret") {
      throw operationError("secret_missing", `${plan.detectedFrom} asks for the secret ${key}, which is not set`, {
        hint: `Set it with: ebb secrets set ${plan.name} ${key} (with --env for another environment than the first).`,
      });
    }
    secrets[variable] = key;
    delete env[variable];
  }
  const secret = Object.keys(secrets).length > 0;
  return { ...made, env, secrets, secretName: secret ? object : null, ...(secret ? { prints } : {}) };
}

/** What goes into the version's Secret, by key; `reveal` gives the value of a stored secret. Throws `configuration_invalid`. */
export function secretValues<V extends Value>(
  made: Artifact,
  layers: Layers<V>,
  reveal: (name: string, entry: Entry<V | Value>) => string,
): Record<string, string> {
  const resolved = resolveOrRefuse(mergedConfig(made, layers), reveal);
  return Object.fromEntries([...resolved].flatMap(([name, { value, secret }]) => (secret ? [[name, value]] : [])));
}

/** The stored layers, without that of the source. */
export type Layers<V extends Value = Value> = Readonly<Partial<Record<Exclude<Layer, "source">, LayerValues<V>>>>;

/** What an artifact's app is given, by name. */
export function mergedConfig<V extends Value>({ plan }: { plan: Pick<AppPlan, "env"> }, layers: Layers<V>): Merged<V | Value> {
  const source = new Map(Object.entries(plan.env).map(([name, text]): [string, Value] => [name, { kind: "variable", text }]));
  return mergeLayers<V | Value>({ ...layers, source });
}

function resolveOrRefuse<V extends Value>(merged: Merged<V>, reveal: (name: string, entry: Entry<V>) => string): Map<string, Resolved> {
  try {
    return resolve(merged, reveal);
  } catch (cause) {
    if (!(cause instanceof ReferenceFault)) throw cause;
    throw refuse("configuration_invalid", `The variable ${cause.message}`, {
      cause,
      hint: "See where each value comes from: ebb vars list APP. To mean ${NAME} itself, write $${NAME}.",
    });
  }
}

const DEFAULT_PORT = 8080;
/** Knative's default, stated so that a cluster with another one behaves the same. */
const DEFAULT_TIMEOUT = 300;

/** The plan of an app that comes as an image: what the request leaves out is as ebb.yaml's defaults. */
export function planOfImage(request: DeployImage): AppPlan {
  return {
    name: request.name,
    kind: "application",
    detectedFrom: "image",
    language: "image",
    buildCommands: [],
    ...(request.command && request.command.length > 0 ? { command: request.command } : {}),
    port: request.port ?? DEFAULT_PORT,
    protocol: "http1",
    env: request.env ?? {},
    secrets: {},
    scaling: {
      min: request.scaling?.min ?? 0,
      max: request.scaling?.max ?? 0,
      ...(request.scaling?.concurrency === undefined ? {} : { concurrency: request.scaling.concurrency }),
    },
    resources: {},
    health: {},
    timeoutSeconds: DEFAULT_TIMEOUT,
  };
}

import type { DeployImage } from "@ebb/api";
import type { AppPlan } from "@ebb/builder";
import type { AskedScaling } from "../environments/policies.ts";
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
  /** What it gets of what its plan asks for, by the environment's policies at that time. */
  scaling?: AskedScaling;
}

/** What `ebb vars` and `ebb secrets` keep for the app, whatever its versions. */
export interface AppSettings {
  /** null hides a variable that the source sets. */
  env: Record<string, string | null>;
  secrets: AppSecrets;
}
export interface AppSecrets {
  object: string | null;
  /** Name → RFC 3339 time at which it was last set. */
  keys: Record<string, string>;
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

/** The settings of a new version: what its source states with what the app has over it in its environment. Throws `secret_missing`. */
export function versionConfig(made: Artifact, settings: AppSettings): VersionConfig {
  const { plan } = made;
  const secrets: Record<string, string> = {};
  for (const key of Object.keys(settings.secrets.keys)) secrets[key] = key;
  for (const [variable, key] of Object.entries(plan.secrets)) {
    if (!(key in settings.secrets.keys)) {
      throw operationError("secret_missing", `${plan.detectedFrom} asks for the secret ${key}, which is not set`, {
        hint: `Set it with: ebb secrets set ${plan.name} ${key} (with --env for another environment than the first).`,
      });
    }
    secrets[variable] = key;
  }
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...plan.env, ...settings.env })) {
    if (value !== null && !(name in secrets)) env[name] = value;
  }
  return { ...made, env, secrets, secretName: Object.keys(secrets).length > 0 ? settings.secrets.object : null };
}

/** The app's variables after a patch: null removes one, and hides it if the source sets it. */
export function patchEnv(
  present: Record<string, string | null>,
  patch: Record<string, string | null>,
  planned: Record<string, string>,
): Record<string, string | null> {
  const result = { ...present };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null && !(name in planned)) delete result[name];
    else result[name] = value;
  }
  return result;
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

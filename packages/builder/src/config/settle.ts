import { fault } from "../errors.ts";
import { commandLine } from "../detect/command-line.ts";
import type { Detected } from "../detect/detected.ts";
import type { AppPlan } from "../port.ts";
import { DURATION, type EbbConfig } from "./schema.ts";

const DEFAULTS = { port: 8080, min: 0, max: 10, timeoutSeconds: 300 } as const;
/** Knative's max-revision-timeout-seconds. */
const MOST_TIMEOUT_SECONDS = 600;
const MOST_IDLE_SECONDS = 24 * 3600;
const NAME = /^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$/;
const UNIT_SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600 } as const;

/** How the artifact is made; the rest of what was found out is in the plan. */
export type Recipe =
  | { kind: "bundle"; env: Record<string, string> }
  | { kind: "site"; publish: string[]; spa: boolean | "auto"; env: Record<string, string> }
  | { kind: "image"; dockerfile: string; /** ebb.yaml's port wins over EXPOSE. */ portStated: boolean };

/** Puts what ebb.yaml states over what was found in the source, and defaults under both. Throws UserError `config_invalid` for contradictions. */
export function settle(config: EbbConfig, found: Detected, name: string): { plan: AppPlan; recipe: Recipe } {
  const kind = config.kind ?? (config.publish === undefined ? found.kind : "site");
  refuseContradictions(config, { kind, name }, found);
  const recipe = recipeOf(config, found, kind);
  const command = commandOf(config, found, recipe);
  const build = config.build === undefined ? found.build : [config.build].flat();
  const plan: AppPlan = {
    name,
    kind,
    detectedFrom: found.from,
    language: kind === "site" ? "static" : found.language,
    buildCommands: recipe.kind === "image" ? [] : build,
    ...(command === undefined ? {} : { command }),
    port: config.port ?? DEFAULTS.port,
    protocol: config.protocol ?? "http1",
    env: Object.fromEntries(Object.entries(config.env ?? {}).map(([key, value]) => [key, String(value)])),
    secrets: Array.isArray(config.secrets) ? Object.fromEntries(config.secrets.map((key) => [key, key])) : (config.secrets ?? {}),
    ...(config.dependsOn === undefined ? {} : { dependsOn: config.dependsOn }),
    scaling: scalingOf(config),
    resources: {
      ...(config.resources?.cpu === undefined ? {} : { cpu: String(config.resources.cpu) }),
      ...(config.resources?.memory === undefined ? {} : { memory: config.resources.memory }),
    },
    health: healthOf(config),
    timeoutSeconds: Math.ceil(seconds("timeout", config.timeout, MOST_TIMEOUT_SECONDS) ?? DEFAULTS.timeoutSeconds) || 1,
  };
  return { plan, recipe };
}

function refuseContradictions(config: EbbConfig, { kind, name }: Pick<AppPlan, "kind" | "name">, found: Detected): void {
  const refuse = (message: string, hint: string) => {
    throw fault("config_invalid", `ebb.yaml: ${message}`, { hint });
  };
  if (config.dependsOn?.includes(name)) refuse(`${name} cannot depend on itself`, "Take it out of `dependsOn`.");
  if (kind === "site" && config.command !== undefined) refuse("a site has no `command`", "Remove it, or set kind: application.");
  if (kind === "application" && config.publish !== undefined) refuse("`publish` is for sites", "Set kind: site, or remove `publish`.");
  if (kind === "application" && config.spa !== undefined) refuse("`spa` is for sites", "Set kind: site, or remove `spa`.");
  if (found.dockerfile !== undefined && config.build !== undefined) {
    refuse(
      `\`build\` has no effect, as ${found.dockerfile} says how to build`,
      "Put the commands into it as RUN lines, or remove one of the two.",
    );
  }
  if (found.dockerfile !== undefined && kind === "site") refuse("a site is not built from a Dockerfile", "Remove one of the two.");
  const { min = 0, max = 0 } = config.scaling ?? {};
  if (max !== 0 && min > max) refuse(`scaling.min (${min}) is greater than scaling.max (${max})`, "Raise max, or lower min.");
}

function recipeOf(config: EbbConfig, found: Detected, kind: AppPlan["kind"]): Recipe {
  if (found.dockerfile !== undefined) return { kind: "image", dockerfile: found.dockerfile, portStated: config.port !== undefined };
  if (kind === "application") return { kind: "bundle", env: found.env };
  const publish = config.publish === undefined ? (found.publish ?? ["."]) : [folder(config.publish)];
  return { kind: "site", publish, spa: config.spa ?? found.spa ?? false, env: {} };
}

function folder(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (path.startsWith("/") || parts.includes("..")) {
    throw fault("config_invalid", `ebb.yaml: \`publish\` must be a folder of the source, not ${path}`, {
      hint: "Write it relative to ebb.yaml: dist",
    });
  }
  return parts.length === 0 ? "." : parts.join("/");
}

function commandOf(config: EbbConfig, found: Detected, recipe: Recipe): string[] | undefined {
  if (recipe.kind === "site") return ["node", "ebb-site/main.mjs"];
  if (config.command !== undefined) return typeof config.command === "string" ? commandLine(config.command) : config.command;
  if (found.command !== undefined || recipe.kind === "image") return found.command;
  throw fault("entry_missing", `${found.from} does not say how to start the application; looked for ${found.wanted ?? "a command"}`, {
    hint: "State it in ebb.yaml, for example `command: node server.js`.",
  });
}

function scalingOf(config: EbbConfig): AppPlan["scaling"] {
  const { min, max, concurrency, target, idle } = config.scaling ?? {};
  const idleSeconds = seconds("scaling.idle", idle, MOST_IDLE_SECONDS);
  return {
    min: min ?? DEFAULTS.min,
    max: max ?? Math.max(DEFAULTS.max, min ?? 0),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(target === undefined ? {} : { target }),
    ...(idleSeconds === undefined ? {} : { idleSeconds }),
  };
}

function healthOf(config: EbbConfig): AppPlan["health"] {
  const { path, initialDelay, timeout } = config.health ?? {};
  const delay = seconds("health.initialDelay", initialDelay, MOST_TIMEOUT_SECONDS);
  const most = seconds("health.timeout", timeout, MOST_TIMEOUT_SECONDS);
  return {
    ...(path === undefined ? {} : { path }),
    ...(delay === undefined ? {} : { initialDelaySeconds: Math.ceil(delay) }),
    ...(most === undefined ? {} : { timeoutSeconds: Math.max(1, Math.ceil(most)) }),
  };
}

function seconds(field: string, value: string | number | undefined, most: number): number | undefined {
  if (value === undefined) return undefined;
  const [, amount = "0", unit = "s"] = DURATION.exec(String(value)) ?? [];
  const total = Number(amount) * UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS];
  if (total <= most) return total;
  throw fault("config_invalid", `ebb.yaml: \`${field}\` is ${value}; the most is ${most} seconds`, { hint: "Write less, such as 60s." });
}

/** `name` as it is, or a valid name made from a folder's. Throws UserError `config_invalid`. */
export function appName(stated: string | undefined, fallback: string): string {
  const made = fallback
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[-0-9]+/, "")
    .slice(0, 52)
    .replace(/-+$/, "");
  const name = stated ?? made;
  if (NAME.test(name)) return name;
  throw fault(
    "config_invalid",
    stated === undefined
      ? `no name can be made from ${JSON.stringify(fallback.slice(0, 80))}`
      : `${JSON.stringify(stated.slice(0, 80))} is not a valid name`,
    {
      hint: "Give a name: lower-case letters, digits and hyphens, starting with a letter, at most 52 characters (--name, or `name` in ebb.yaml).",
    },
  );
}

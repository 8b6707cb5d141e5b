import { causeChain, UserError } from "@ebb/base";
import { parse as parseCron } from "./cron-window.ts";
import { wakesByItself, type Strategy } from "./strategy.ts";

/** Annotations of a Knative Service that say how its versions are scaled, in force at once and for all of them. Others ignore them. */
export const POLICY_ANNOTATIONS = {
  strategies: "autoscaling.ebb.dev/strategies",
  min: "autoscaling.ebb.dev/min-scale",
  max: "autoscaling.ebb.dev/max-scale",
  idle: "autoscaling.ebb.dev/idle",
} as const;

/**
 * Of a Knative Service: the names of its Revisions that somebody is led to, with commas between them. The others have no more than a preview: a live
 * policy keeps no instances of them, nor wakes them. Without it a policy keeps instances of all that a route leads to.
 */
export const LED_TO = "autoscaling.ebb.dev/led-to";

/** `cold`: nothing. `prepared`: a container that only lacks its program's start. `frozen`: its last instance, off the CPU. */
export type Idle = "cold" | "prepared" | "frozen";

export interface Policy {
  strategies?: readonly Strategy[];
  min?: number;
  max?: number;
  /** What is kept of it while nobody asks. */
  idle?: Idle;
  /** Why an annotation is not followed; what the version says is in force instead. */
  problem?: string;
}

const MOST_STRATEGIES = 16;
const LONGEST = 16_384;
const MOST_INSTANCES = 100_000;
// As the platform's API takes them, so that what is in force can be shown and set there, too.
const LONGEST_URL = 2048;
const LONGEST_ZONE = 64;
const CRON_LENGTH = { least: 9, most: 120 };
const TARGETS = { least: 0.01, most: 1e9 };
const LAGS = { least: 0, most: 1e15 };

type Fields = Readonly<Record<string, unknown>>;

/**
 * The policy in the annotations of the Revision of that name; those of `live` are in force before its own, but for what `LED_TO` says. Never throws: a bad one is told in `problem`.
 */
export function policyOf(own: Readonly<Record<string, string>>, live: Readonly<Record<string, string>> = {}, revision?: string): Policy {
  const ledTo = revision === undefined || (live[LED_TO]?.split(",").includes(revision) ?? true);
  const text = (key: keyof typeof POLICY_ANNOTATIONS) => live[POLICY_ANNOTATIONS[key]] ?? own[POLICY_ANNOTATIONS[key]];
  try {
    const votes = strategiesOf(live).filter((each) => ledTo || !wakesByItself(each));
    const strategies = votes.length > 0 ? votes : strategiesOf(own);
    const most = bound("max", live[POLICY_ANNOTATIONS.max]);
    const max = most ?? bound("max", own[POLICY_ANNOTATIONS.max]);
    const min = (ledTo ? bound("min", live[POLICY_ANNOTATIONS.min]) : undefined) ?? atMost(most, bound("min", own[POLICY_ANNOTATIONS.min]));
    const idle = idleOf(text("idle"));
    if (min !== undefined && max !== undefined && max > 0 && max < min)
      throw refuse(`${POLICY_ANNOTATIONS.max}=${max} is less than min-scale=${min}`);
    return {
      ...(strategies.length === 0 ? {} : { strategies }),
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
      ...(idle === undefined ? {} : { idle }),
    };
  } catch (error) {
    return { problem: causeChain(error)[0] ?? "not a policy" };
  }
}

/** A version was not made for the Service's bound: what it keeps of itself gives way to it. 0 is no bound. */
function atMost(most: number | undefined, own: number | undefined): number | undefined {
  return own === undefined || most === undefined || most === 0 ? own : Math.min(own, most);
}

function strategiesOf(annotations: Readonly<Record<string, string>>): Strategy[] {
  const text = annotations[POLICY_ANNOTATIONS.strategies];
  return text === undefined ? [] : parseStrategies(text);
}

/** Parses the annotation's JSON array. Throws UserError `invalid_strategy` that names the place. */
export function parseStrategies(text: string): Strategy[] {
  if (text.length > LONGEST) throw refuse(`${POLICY_ANNOTATIONS.strategies} is longer than ${LONGEST} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse(`${POLICY_ANNOTATIONS.strategies} is not JSON`);
  }
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_STRATEGIES) {
    throw refuse(`${POLICY_ANNOTATIONS.strategies} is not an array of 1 to ${MOST_STRATEGIES} strategies`);
  }
  return value.map((entry, index) => parseStrategy(entry, `strategies[${index}]`));
}

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  concurrency: ["target"],
  rps: ["target"],
  cpu: ["target"],
  memory: ["target"],
  cron: ["start", "end", "timezone", "replicas"],
  lag: ["target", "lag", "url"],
};

function parseStrategy(value: unknown, path: string): Strategy {
  if (typeof value !== "object" || value === null) throw refuse(`${path} is not an object`);
  const fields = value as Fields;
  const type = fields["type"];
  const known = typeof type === "string" ? FIELDS[type] : undefined;
  if (!known) throw refuse(`${path}.type is not one of ${Object.keys(FIELDS).join(", ")}`);
  const unknown = Object.keys(fields).find((key) => key !== "type" && !known.includes(key));
  if (unknown !== undefined) throw refuse(`${path}.${unknown} is not a field of ${String(type)}: it has ${known.join(", ")}`);
  switch (type) {
    case "cron":
      return cron(fields, path);
    case "lag":
      return lag(fields, path);
    case "cpu":
    case "memory":
      return { type, target: number(fields, "target", path, TARGETS) };
    default: {
      const metric = type === "rps" ? "rps" : "concurrency";
      return fields["target"] === undefined ? { type: metric } : { type: metric, target: number(fields, "target", path, TARGETS) };
    }
  }
}

function cron(fields: Fields, path: string): Strategy {
  const strategy = {
    type: "cron" as const,
    start: string(fields, "start", path, CRON_LENGTH),
    end: string(fields, "end", path, CRON_LENGTH),
    timezone: fields["timezone"] === undefined ? "UTC" : string(fields, "timezone", path, { least: 1, most: LONGEST_ZONE }),
    replicas: number(fields, "replicas", path, { least: 1, most: MOST_INSTANCES }),
  };
  if (!Number.isInteger(strategy.replicas)) throw refuse(`${path}.replicas is not a whole number`);
  if (strategy.start === strategy.end) throw refuse(`${path} starts and ends at the same time`);
  parseCron(strategy);
  return strategy;
}

function lag(fields: Fields, path: string): Strategy {
  const target = number(fields, "target", path, TARGETS);
  if ((fields["lag"] === undefined) === (fields["url"] === undefined)) throw refuse(`${path} needs one of lag and url`);
  if (fields["url"] === undefined) return { type: "lag", target, lag: number(fields, "lag", path, LAGS) };
  const url = string(fields, "url", path, { least: 1, most: LONGEST_URL });
  if (!/^https?:\/\/[^@]+$/.test(url) || !URL.canParse(url)) throw refuse(`${path}.url is not an http or https URL without a user`);
  return { type: "lag", target, url };
}

interface Limits {
  least: number;
  most: number;
}

function number(fields: Fields, key: string, path: string, { least, most }: Limits): number {
  const value = fields[key];
  if (typeof value !== "number" || !(value >= least && value <= most)) {
    throw refuse(`${path}.${key} is not a number of at least ${least} and at most ${most}`);
  }
  return value;
}

function string(fields: Fields, key: string, path: string, { least, most }: Limits): string {
  const value = fields[key];
  if (typeof value !== "string" || value.length < least || value.length > most) {
    throw refuse(`${path}.${key} is not a text of ${least} to ${most} characters`);
  }
  return value;
}

function bound(key: "min" | "max", text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > MOST_INSTANCES)
    throw refuse(`${POLICY_ANNOTATIONS[key]}=${text} is not a whole number up to ${MOST_INSTANCES}`);
  return value;
}

function idleOf(text: string | undefined): Idle | undefined {
  if (text === undefined || text === "cold" || text === "prepared" || text === "frozen") return text;
  throw refuse(`${POLICY_ANNOTATIONS.idle}=${text} is none of cold, prepared and frozen`);
}

function refuse(message: string): UserError {
  return new UserError("invalid_strategy", message);
}

import type { ScalingStrategy } from "@ebb/api";
import { usageError } from "../failure.ts";

const HINT =
  'Write concurrency, concurrency=10, rps=50, cpu=70, memory=256, lag=100@http://queue/waiting, "cron=0 8 * * 1-5; 0 20 * * 1-5; Europe/Berlin; 3", or JSON.';

/** One `--strategy`, in short or as the JSON that the API takes. Throws usageError. */
export function strategyOption(text: string): ScalingStrategy {
  if (text.trim().startsWith("{")) return fromJson(text);
  const [, type = "", rest] = /^([a-z]+)(?:=(.*))?$/.exec(text.trim()) ?? [];
  switch (type) {
    case "concurrency":
    case "rps":
      return rest === undefined ? { type } : { type, target: target(text, rest) };
    case "cpu":
    case "memory":
      return { type, target: target(text, rest) };
    case "lag": {
      const [, number, url] = /^([^@]*)@(.+)$/.exec(rest ?? "") ?? [];
      if (url === undefined) throw refuse(text);
      return { type, target: target(text, number), url };
    }
    case "cron": {
      const [start, end, timezone, replicas, ...more] = (rest ?? "").split(";").map((part) => part.trim());
      if (!start || !end || !timezone || !/^[1-9]\d*$/.test(replicas ?? "") || more.length > 0) throw refuse(text);
      return { type, start, end, timezone, replicas: Number(replicas) };
    }
    default:
      throw refuse(text);
  }
}

/** As it may be written after `--strategy`. */
export function strategyText(strategy: ScalingStrategy): string {
  switch (strategy.type) {
    case "cron":
      return `cron=${strategy.start}; ${strategy.end}; ${strategy.timezone ?? "UTC"}; ${strategy.replicas}`;
    case "lag":
      return "url" in strategy ? `lag=${strategy.target}@${strategy.url}` : JSON.stringify(strategy);
    default:
      return strategy.target === undefined ? strategy.type : `${strategy.type}=${Math.round(strategy.target * 100) / 100}`;
  }
}

function target(whole: string, text: string | undefined): number {
  const value = Number(text);
  if (text === undefined || text === "" || !(value >= 0.01)) throw refuse(whole);
  return value;
}

/** Its fields are checked by the API. */
function fromJson(text: string): ScalingStrategy {
  try {
    return JSON.parse(text) as ScalingStrategy;
  } catch {
    throw refuse(text);
  }
}

function refuse(text: string) {
  return usageError(`--strategy ${text}: not a strategy`, HINT);
}

import type { ScalingPolicy, ScalingStrategy, VersionConfiguration } from "@ebb/api";
import type { Format } from "../../../../i18n/format.ts";
import type { PolicyWords } from "../../../../i18n/policy-words.ts";

/** What a version says itself of how it is scaled; what it does not say is absent. */
export interface OwnScaling {
  min?: number;
  max?: number;
  idleSeconds?: number;
  /** Requests at once that an instance takes at most; what is aimed at. */
  concurrency?: number;
  target?: number;
}

export function ownOf(items: VersionConfiguration["items"]): OwnScaling {
  const all = new Map(items.map(({ path, value }) => [path, Number(value)]));
  const names = ["min", "max", "idleSeconds", "concurrency", "target"] as const;
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = all.get(`scaling.${name}`);
      return value === undefined || Number.isNaN(value) ? [] : [[name, value]];
    }),
  );
}

/** A version and what it says itself. */
export interface SpeakingVersion {
  name: string;
  own: OwnScaling;
}

export interface Speech {
  words: PolicyWords;
  format: Format;
}

/** How an app is scaled, in sentences. */
export interface ScalingSays {
  min: string;
  max: string;
  by: string[];
  idle: string;
}

export function scalingSays({ min, max, idle, strategies }: ScalingPolicy, { name, own }: SpeakingVersion, speech: Speech): ScalingSays {
  const { words, format } = speech;
  const { says } = words;
  const ownNumber = (value: number | undefined) => (value === undefined ? null : format.number(value));
  return {
    min: min === null ? says.minOwn(name, ownNumber(own.min)) : says.min(format.number(min)),
    max: max === null ? says.maxOwn(name, own.max === 0 ? words.noLimit : ownNumber(own.max)) : says.max(format.number(max)),
    by: strategies === null ? [ownSays({ name, own }, speech)] : strategies.map((strategy) => strategySays(strategy, speech)),
    idle: idle === null ? says.idleOwn(name) : says.idle[idle],
  };
}

export const sentencesOf = ({ min, max, by, idle }: ScalingSays): string[] => [min, max, ...by, idle];

/** By what its instances are counted where nothing is set. */
function ownSays({ name, own }: SpeakingVersion, { words: { says }, format }: Speech): string {
  if (own.target !== undefined) return says.ownTarget(name, format.number(own.target));
  if (own.concurrency !== undefined && own.concurrency > 0) return says.ownLimit(name, format.number(own.concurrency));
  return Object.keys(own).length === 0 ? says.own(name) : says.ownUsual(name);
}

export function strategySays(strategy: ScalingStrategy, { words: { says }, format }: Speech): string {
  switch (strategy.type) {
    case "concurrency":
      return strategy.target === undefined ? says.concurrencyOwn : says.concurrency(format.number(strategy.target));
    case "rps":
      return strategy.target === undefined ? says.rpsOwn : says.rps(format.number(strategy.target));
    case "cpu":
      return says.cpu(format.number(strategy.target));
    case "memory":
      return says.memory(format.number(strategy.target));
    case "cron":
      return says.cron(format.number(strategy.replicas), strategy.start, strategy.end, strategy.timezone ?? "UTC");
    case "lag":
      return "url" in strategy
        ? says.lagUrl(format.number(strategy.target), strategy.url)
        : says.lag(format.number(strategy.target), format.number(strategy.lag));
    default:
      // Whoever wrote it into the cluster may know more kinds than this console.
      return JSON.stringify(strategy);
  }
}

import type { Place } from "@ebb/api";
import { queryOptions } from "@tanstack/react-query";
import { client } from "./connection.ts";
import type { TimeSpan } from "./time-span.ts";
import { keys } from "./queries.ts";

/** How far back the charts go. */
export const RANGES = ["15m", "1h", "24h", "7d"] as const;
export type Range = (typeof RANGES)[number];

export function rangeOf(value: unknown): Range | undefined {
  return RANGES.find((range) => range === value);
}

/** `step` in seconds: the finest that the platform keeps for so long. `again` in milliseconds: about as often as a point is added. */
const SPANS = {
  "15m": { seconds: 900, step: 10, again: 10_000 },
  "1h": { seconds: 3600, step: 10, again: 10_000 },
  "24h": { seconds: 86_400, step: 60, again: 60_000 },
  "7d": { seconds: 604_800, step: 3600, again: 300_000 },
} as const;

/** Numbers are no event: they are asked for again while somebody looks. */
export const metricsQuery = (place: Place, range: Range) => {
  const { seconds, step, again } = SPANS[range];
  return queryOptions({
    queryKey: [...keys.place(place, "metrics"), range],
    queryFn: ({ signal }) => client.metrics(place, { from: new Date(Date.now() - seconds * 1000).toISOString(), step, signal }),
    refetchInterval: again,
  });
};

/** How long a range is, in seconds. */
export const secondsOf = (range: Range): number => SPANS[range].seconds;

/** Of a time that somebody chose, as fine as the platform keeps it; asked for again while it has no end. */
export const metricsOfSpanQuery = (place: Place, { from, to }: TimeSpan) =>
  queryOptions({
    queryKey: [...keys.place(place, "metrics"), "span", from, to],
    queryFn: ({ signal }) => client.metrics(place, { from, to, signal }),
    refetchInterval: to === undefined ? SPANS["1h"].again : false,
  });

/** Of all apps in all environments; once for all cells that show one. */
export const ratesQuery = queryOptions({ queryKey: ["rates"], queryFn: ({ signal }) => client.rates({ signal }), refetchInterval: 10_000 });

export const USAGE_BY = ["app", "environment", "team", "day"] as const;
export type UsageBy = (typeof USAGE_BY)[number];
/** Of the last 30 days. */
export const usageQuery = (by: UsageBy) =>
  queryOptions({ queryKey: ["usage", by], queryFn: ({ signal }) => client.usage({ by, signal }), refetchInterval: 300_000 });

/** What each version has done since a release's step began. */
export const releaseMetricsQuery = (place: Place, since: string) =>
  queryOptions({
    queryKey: [...keys.place(place, "metrics"), "since", since],
    queryFn: ({ signal }) => client.metrics(place, { from: since, signal }),
    refetchInterval: 5_000,
  });

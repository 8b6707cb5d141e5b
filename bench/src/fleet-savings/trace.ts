import { Seeded } from "./random.ts";

export const ENVIRONMENTS = ["test", "stable", "staging", "prod"] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

/** One app: how often it is asked in prod, how long a request takes, and whether a timer asks it. */
export interface AppShape {
  perDay: number;
  /** Seconds of a request. */
  service: number;
  /** Seconds from one request of its timer to the next; 0: people ask. */
  period: number;
}

/**
 * Invocations a day of an application by its rank, as in Azure Functions' trace of 2019 (Shahrad et al., "Serverless in the Wild", USENIX ATC 2020):
 * 45 % are asked once an hour or less, 81 % once a minute or less, and the rest have nearly all of the traffic.
 */
const RANKS: readonly (readonly [share: number, perDay: number])[] = [
  [0, 0.2],
  [0.2, 4],
  [0.45, 24],
  [0.81, 1440],
  [0.95, 30_000],
  [0.99, 500_000],
  [1, 3_000_000],
];
/** Of a quarter of the applications a timer is what asks, in each environment. */
const TIMERS = 0.25;
const PERIODS = [300, 900, 3600, 21_600, 86_400];
/** Half of the requests take less than this, one in ten more than five times as long. */
const MEDIAN_SERVICE = 0.15;
const SPREAD = 1.2;

/** So many apps, from nearly idle to hot; the same ones for the same seed. */
export function shapes(count: number, seed: number): AppShape[] {
  const random = new Seeded(seed);
  return Array.from({ length: count }, (_, index) => {
    const perDay = ratePerDay((index + 0.5) / count);
    const service = Math.min(10, MEDIAN_SERVICE * Math.exp(SPREAD * random.normal()));
    const period = random.next() < TIMERS ? PERIODS.reduce((best, each) => (closer(each, best, 86_400 / perDay) ? each : best)) : 0;
    return { perDay, service, period };
  });
}

function closer(a: number, b: number, wanted: number): boolean {
  return Math.abs(Math.log(a / wanted)) < Math.abs(Math.log(b / wanted));
}

/** Between two of the table by the logarithm. */
export function ratePerDay(share: number): number {
  const above = Math.max(
    1,
    RANKS.findIndex(([rank]) => rank >= share),
  );
  const [from, low] = RANKS[above - 1] ?? [0, 0];
  const [to, high] = RANKS[above] ?? [1, 0];
  return low * (high / low) ** ((share - from) / (to - from));
}

const DAY = 86_400;
const HOUR = 3600;
const MINUTE = 60;
/** What people do in an environment besides prod, as a share of prod's requests, in working hours. */
const TRIED: Record<EnvironmentName, number> = { test: 0.02, stable: 0.01, staging: 0.02, prod: 1 };
/** People who try something do not do so more often than this, a second. */
const MOST_TRIED = 0.5;
/** Requests come together: a page and what it loads, a person who clicks on. */
const SESSION = { requests: 4, gap: 8 };
/** From here on, requests a second, sessions make no difference. */
const BUSY = 1;

/** How busy this second of the week is against the mean: most at 14:00, least at 2:00, little at the weekend. Second 0 is Monday, 0:00. */
function rhythm(second: number): number {
  const hour = (second % DAY) / HOUR;
  const weekend = second % (7 * DAY) >= 5 * DAY;
  return (1 + 0.8 * Math.cos(((hour - 14) / 24) * 2 * Math.PI)) * (weekend ? 0.4 : 1.24);
}

/** Monday to Friday, 8:00 to 19:00: a third of the week's requests in no more of its time. */
function working(second: number): number {
  const hour = (second % DAY) / HOUR;
  return second % (7 * DAY) < 5 * DAY && hour >= 8 && hour < 19 ? 168 / 55 : 0;
}

/** Requests of an app in an environment: second of the week → how many. */
export function arrivals(app: AppShape, environment: EnvironmentName, seconds: number, random: Seeded): Map<number, number> {
  if (app.period > 0) return timed(app.period, seconds, random);
  const prod = environment === "prod";
  const mean = Math.min((app.perDay / DAY) * TRIED[environment], prod ? Infinity : MOST_TRIED / 3);
  const rate = (second: number) => mean * (prod ? rhythm(second) : working(second));
  return mean >= BUSY ? busy(rate, seconds, random) : inSessions(rate, seconds, random);
}

function timed(period: number, seconds: number, random: Seeded): Map<number, number> {
  const found = new Map<number, number>();
  for (let at = Math.floor(random.next() * period); at < seconds; at += period) found.set(at, 1);
  return found;
}

function busy(rate: (second: number) => number, seconds: number, random: Seeded): Map<number, number> {
  const found = new Map<number, number>();
  for (let second = 0; second < seconds; second++) {
    const requests = random.poisson(rate(second));
    if (requests > 0) found.set(second, requests);
  }
  return found;
}

function inSessions(rate: (second: number) => number, seconds: number, random: Seeded): Map<number, number> {
  const found = new Map<number, number>();
  for (let minute = 0; minute < seconds; minute += MINUTE) {
    const sessions = random.poisson((rate(minute) * MINUTE) / SESSION.requests);
    for (let session = 0; session < sessions; session++) {
      let at = minute + random.next() * MINUTE;
      for (let left = 1 + Math.floor(random.exponential(SESSION.requests - 0.5)); left > 0 && at < seconds; left--) {
        const second = Math.floor(at);
        found.set(second, (found.get(second) ?? 0) + 1);
        at += random.exponential(SESSION.gap);
      }
    }
  }
  return found;
}

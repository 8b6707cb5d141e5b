import type { Metrics, MetricsSummary, Release } from "@ebb/api";

export interface GuardFigure {
  version: string;
  fresh: boolean;
  requests: number;
  /** Of 0 to 100; null without requests. */
  errors: number | null;
  p95Ms: number | null;
}

/** What the guard compares: the new version first, then those that it takes from. */
export function figuresOf(metrics: Metrics, version: string): GuardFigure[] {
  const figure = (name: string, { requests, errors, p95Ms }: MetricsSummary): GuardFigure => ({
    version: name,
    fresh: name === version,
    requests,
    errors: requests === 0 ? null : (100 * errors) / requests,
    p95Ms,
  });
  const all = metrics.versions.map((one) => figure(one.version, one.summary));
  const mine = all.find(({ fresh }) => fresh) ?? { version, fresh: true, requests: 0, errors: null, p95Ms: null };
  return [mine, ...all.filter(({ fresh }) => !fresh)];
}

export interface Pause {
  /** Milliseconds until the next step may come; 0 when they are over. */
  left: number;
  /** Of 0 to 1. */
  share: number;
}

/** How far the pause of a running release's step is; null where there is none, or none by time. */
export function pauseOf({ step, steps, since, pauseSeconds }: Release, now: number): Pause | null {
  if (step === null || since === null || pauseSeconds === null || step >= steps.length - 1) return null;
  const passed = Math.max(0, now - Date.parse(since));
  const whole = pauseSeconds * 1000;
  return { left: Math.max(0, whole - passed), share: Math.min(1, passed / whole) };
}

/** `5, 25 50` as percents; null unless they grow to 100. */
export function stepsOf(text: string): number[] | null {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  const steps = words.map((word) => (/^\d{1,3}%?$/.test(word) ? Number.parseInt(word, 10) : Number.NaN));
  const grows = steps.every((percent, index) => percent > (steps[index - 1] ?? 0) && percent <= 100);
  return steps.length > 0 && steps.length <= 20 && grows && steps.at(-1) === 100 ? steps : null;
}

import type { ColdStart, Metrics, MetricsPoint } from "@ebb/api";

const STEP = 10;
const POINTS = 360;

/** An hour that ends now: asleep for its first quarter, then waves of traffic with a minute of errors. */
export function metrics(): Metrics {
  const end = Math.floor(Date.now() / 1000 / STEP) * STEP;
  const from = end - POINTS * STEP;
  const points: MetricsPoint[] = [];
  for (let i = 90; i < POINTS; i++) {
    const wave = 1 + Math.sin(i / 22) + 0.35 * Math.sin(i / 3.1);
    const requests = Math.max(1, Math.round(wave * 180));
    const errors = i > 250 && i < 257 ? Math.round(requests * 0.08) : 0;
    points.push({
      time: new Date((from + i * STEP) * 1000).toISOString(),
      requests,
      errors,
      responses: { "2xx": requests - errors, ...(errors > 0 ? { "5xx": errors } : {}) },
      p50Ms: 4 + wave,
      p95Ms: 12 + 6 * wave + (errors > 0 ? 40 : 0),
      p99Ms: 24 + 11 * wave + (errors > 0 ? 160 : 0),
      meanMs: 6 + wave,
      held: i === 90 ? 3 : 0,
      heldMs: i === 90 ? 640 : 0,
      requestBytes: requests * 320,
      responseBytes: requests * 2_100,
      interventions: {},
      instances: Math.max(1, Math.round(wave * 1.4)),
    });
  }
  const requests = points.reduce((sum, point) => sum + point.requests, 0);
  const errors = points.reduce((sum, point) => sum + point.errors, 0);
  const last = points.at(-1);
  if (last === undefined) throw new Error("no points");
  const { time: _time, ...numbers } = last;
  const total = { summary: { ...numbers, requests, errors, held: 3, heldMs: 640 }, points };
  return {
    from: new Date(from * 1000).toISOString(),
    to: new Date(end * 1000).toISOString(),
    stepSeconds: STEP,
    recorded: true,
    total,
    versions: [{ version: "v11", ...total }],
  };
}

/** Newest first. */
export function coldStarts(): ColdStart[] {
  return [
    { minutesAgo: 4, version: "v12", from: "cold", waited: true, boot: 180 },
    { minutesAgo: 9, version: "v11", from: "frozen", waited: false, boot: 3 },
    { minutesAgo: 45, version: "v11", from: "cold", waited: true, boot: 210 },
  ].map(({ minutesAgo, version, from, waited, boot }, index) => {
    const phases = { decision: waited ? 2 : 0, queued: 1, sandbox: 21, launch: 34, boot, seen: 4, firstByte: waited ? 5 : 0 };
    return {
      version,
      time: new Date(Date.now() - minutesAgo * 60_000).toISOString(),
      instance: `hello-node-000${version.slice(1)}-${index}`,
      from: from === "frozen" ? "frozen" : "cold",
      waited,
      phases,
      total: Object.values(phases).reduce((sum, each) => sum + each, 0),
    };
  });
}

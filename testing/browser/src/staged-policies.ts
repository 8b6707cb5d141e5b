import type { GuardInForce, Revised, ScalingPolicy, TeamQuota, WhatIf } from "@ebb/api";

export const trafficPolicy: Revised<GuardInForce> = {
  revision: "4",
  deny: [
    { address: "203.0.113.0/24", until: "2099-01-01T00:00:00Z", note: "scraper" },
    { header: "x-forwarded-for", match: { prefix: "198.51.100." } },
  ],
  allow: [],
  rateLimits: [{ requests: 20, perSeconds: 1, by: "client" }],
  affinity: { cookie: "ebb-affinity", seconds: 3600 },
  ejection: null,
  retries: { attempts: 2, perTrySeconds: 0, on: ["5xx", "reset"], budgetPercent: 20 },
  enforcement: { by: "ebb", missing: [] },
};

export const quota: Revised<TeamQuota> = {
  revision: "2",
  quota: { apps: 20, instances: 10, cpu: "8", memory: null },
  used: { apps: 6, instances: 10, cpu: "7500m", memory: "3Gi" },
};

export const scaling: Revised<ScalingPolicy> = {
  revision: "6",
  min: 1,
  max: null,
  idle: "prepared",
  strategies: [
    { type: "concurrency", target: 10 },
    { type: "cron", start: "0 8 * * 1-5", end: "0 20 * * 1-5", timezone: "Europe/Berlin", replicas: 3 },
    { type: "lag", target: 100, url: "http://a-queue-with-a-rather-long-name.internal.example.com:9000/waiting?queue=orders" },
  ],
};

const side = (min: number, outcome: Partial<WhatIf["asked"]["outcome"]>): WhatIf["asked"] => ({
  policy: { metric: "concurrency", target: 10, min, max: 0, windowSeconds: 60, idle: "prepared", strategies: scaling.strategies ?? [] },
  outcome: {
    instanceSeconds: 3104,
    keptSeconds: 3600,
    peak: 3,
    starts: { cold: 1, prepared: 31, frozen: 0 },
    waited: 32,
    waitingSeconds: 1.7,
    longestWakeSeconds: 0.054,
    ...outcome,
  },
});
export const whatIf: WhatIf = {
  version: "v11",
  from: "2026-11-23T08:12:09Z",
  until: "2026-11-23T09:00:00Z",
  requests: 412,
  busySeconds: 260,
  startSeconds: { cold: 0.4, prepared: 0.05, frozen: 0.01 },
  inForce: side(1, {}),
  asked: side(0, { instanceSeconds: 1800, starts: { cold: 21, prepared: 31, frozen: 0 }, waited: 52, waitingSeconds: 2.9 }),
  notes: ["What a URL said of waiting events is not recorded: its strategy votes for as many as there are."],
  saidNotes: [{ code: "replay.lag" }],
};

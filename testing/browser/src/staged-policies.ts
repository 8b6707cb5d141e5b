import type { Revised, TeamQuota, GuardInForce } from "@ebb/api";

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

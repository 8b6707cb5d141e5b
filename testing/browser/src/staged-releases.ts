import type { MirrorReport, TrafficMoves, Explanation, Operation, Release, TrafficRule } from "@ebb/api";
import { operation, phase } from "./staged-data.ts";

const since = new Date(Date.now() - 40_000).toISOString();
const guard = { maxErrorRate: 0.01, maxP95Ratio: 2, minRequests: 20, maxRestarts: 2 };

export const rules: TrafficRule[] = [
  { version: "v12", when: [{ on: "users", header: "x-user", users: ["ann", "bob"] }] },
  {
    version: "v10",
    when: [
      { on: "path", is: "prefix", value: "/legacy" },
      { on: "cookie", name: "stage", is: "present" },
    ],
  },
];

export const releasing: Operation = operation("op-release", "release", {
  state: "running",
  version: "v12",
  finishedAt: null,
  createdAt: new Date(Date.now() - 100_000).toISOString(),
  phases: [phase("step 5 %", 60), phase("step 10 %", 40, "running", "340 requests, 0 % failed (old 0 %), p95 14 ms (old 13 ms)")],
});

export const running: Release = {
  operation: releasing,
  version: "v12",
  steps: [5, 10, 50, 100],
  step: 1,
  pauseSeconds: 3600,
  guard,
  since,
};

export const ended: Release[] = [
  {
    operation: operation("op-release-failed", "release", {
      state: "failed",
      version: "v10",
      failure: {
        code: "guard_breached",
        message: "v10 did worse than what served before, and was taken back: 8 % of its 120 requests failed, 0 % of the old version's 1100",
        hint: null,
        chain: [],
        log: [],
      },
    }),
    version: "v10",
    steps: [5, 25, 50, 100],
    step: 1,
    pauseSeconds: 60,
    guard,
    since,
  },
  {
    operation: operation("op-release-done", "release", { version: "v8" }),
    version: "v8",
    steps: [50, 100],
    step: 1,
    pauseSeconds: null,
    guard,
    since,
  },
];

export const moves: TrafficMoves = {
  recorded: true,
  message: "Of the last 1240 requests about 124 would move from v11 to v12 (the split)",
  requests: 1240,
  kept: 310,
  since: new Date(0).toISOString(),
  moves: [{ from: "v11", to: "v12", requests: 124, because: "the split", byChance: true, samples: [] }],
  unknown: [],
};

export const explanation: Explanation = {
  request: null,
  unsure: [],
  version: null,
  rule: null,
  reason: "no rule fits, so chance decides between v11 (90 %) and v12 (10 %)",
  skipped: [
    { rule: 1, because: "there is no header x-user" },
    { rule: 2, because: "the path / does not begin with /legacy" },
  ],
  split: [
    { version: "v11", percent: 90 },
    { version: "v12", percent: 10 },
  ],
};

export const mirror: MirrorReport = {
  mirror: { version: "v12", percent: 10, methods: "safe", since: "2026-01-02T09:00:00Z", by: "ada" },
  recorded: true,
  message: "v12 answers as v11 does but for 2 of 120",
  comparisons: [
    {
      from: "v11",
      to: "v12",
      since: "2026-01-02T09:00:00Z",
      until: "2026-01-02T10:00:00Z",
      compared: 120,
      statusDiffers: 2,
      sizeDiffers: 5,
      leftOut: 1,
      fromBytes: 1000,
      toBytes: 1100,
      fromMs: { p50: 3, p95: 12 },
      toMs: { p50: 4, p95: 19 },
      samples: [
        {
          id: "r1",
          time: "2026-01-02T09:10:00Z",
          method: "GET",
          path: "/orders?page=2",
          from: { status: 200, bytes: 512, ms: 4, whole: true },
          to: { status: 500, bytes: 21, ms: 9, whole: true },
        },
      ],
    },
  ],
};

import type { Explanation, RecentRequest, RecentRequests, TriedRequest } from "@ebb/api";
import { coldStarts } from "./staged-metrics.ts";
import { explanation } from "./staged-releases.ts";

export const tried: TriedRequest = {
  url: "http://hello-node.sls-local.localhost:8080/items?a=1",
  version: "v12",
  answer: {
    status: 200,
    headers: [
      { name: "content-type", value: "application/json" },
      { name: "content-length", value: "12" },
    ],
    body: '{"items":[]}',
    encoding: "utf8",
    truncated: false,
  },
  failure: null,
  startedAt: new Date().toISOString(),
  timings: { connected: 1, firstByte: 262, end: 264 },
  coldStart: coldStarts()[0] ?? null,
};

const asked = (id: string, rest: Partial<RecentRequest> = {}): RecentRequest => ({
  id,
  time: new Date(Date.now() - 90_000).toISOString(),
  method: "GET",
  host: "hello-node.sls-local.localhost",
  path: "/items",
  headers: { "user-agent": null, "x-user": "ann" },
  cookies: { stage: "beta", session: null },
  query: { page: "2" },
  status: 200,
  outcome: "complete",
  durationMs: 12.4,
  responseBytes: 5321,
  reason: null,
  count: 1,
  version: "v11",
  ...rest,
});
export const recentRequests: RecentRequests = {
  recorded: true,
  items: [
    asked("r-orders", { method: "POST", path: "/orders", version: "v12", query: {}, count: 1240 }),
    asked("r-items"),
    asked("r-cut", { path: "/export", outcome: "cut", durationMs: 30_012, responseBytes: 1_204_224 }),
    asked("r-gone", { path: "/search", status: 499, outcome: "client-gone", durationMs: 2210, responseBytes: 0 }),
    asked("r-late", { path: "/report", status: 504, durationMs: 300_000, responseBytes: 0, reason: "request timeout", version: "v12" }),
    asked("r-none", { path: "/a/rather/long/path/that/goes/on/and/on/until/it/has/to/break/somewhere", version: null }),
  ],
};
/** Why the first of them goes where it goes. */
export const explainedRequest: Explanation = {
  ...explanation,
  request: recentRequests.items[0] ?? null,
  version: "v12",
  rule: 1,
  reason: "rule 1 fits: the user ann is one of its users",
  skipped: [],
  split: [],
  unsure: ["the cookie session"],
};

import type { TriedRequest } from "@ebb/api";
import { coldStarts } from "./staged-metrics.ts";

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

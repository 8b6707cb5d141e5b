import type { Happening } from "@ebb/api";

const of = (id: string, change: Partial<Happening>): Happening => ({
  id,
  time: "2026-01-02T10:00:00Z",
  kind: "operation",
  level: "info",
  what: "deploy",
  state: null,
  version: null,
  message: "",
  by: null,
  operation: null,
  count: 1,
  ...change,
});

export const happenings: Happening[] = [
  of("1", {
    kind: "cluster",
    level: "warning",
    what: "BackOff",
    version: "v12",
    message: "Pod hello-node-00012-deployment-x: back-off",
    count: 7,
  }),
  of("2", { kind: "scaling", what: "traffic", version: "v12", message: "3: 21 requests at once on average" }),
  of("3", { level: "error", state: "failed", version: "v10", message: "The build failed", by: "ada", operation: "op-failed" }),
  of("4", { kind: "release", what: "traffic", state: "succeeded", by: "ada", operation: "op-done" }),
  of("5", {
    kind: "alert",
    level: "warning",
    what: "domain.certificate-expiring",
    message: "old.example.com: It was uploaded, and nothing renews it",
  }),
  of("6", { kind: "change", what: "app.changed", by: "grace" }),
];

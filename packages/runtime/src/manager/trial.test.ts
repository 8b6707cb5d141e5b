import { expect, test } from "vitest";
import type { InstanceSpec } from "../port.ts";
import { acceptsWhenReady } from "./trial.ts";
import { PROBE, workload } from "./workload.fixture.ts";

const { exec: _, ...TCP } = { ...PROBE, tcp: {} };

test.each<[string, Partial<InstanceSpec>, boolean]>([
  ["a probe that connects to its port", { readiness: TCP }, true],
  ["one that names it", { readiness: { ...TCP, tcp: { port: 8080 } } }, true],
  ["one of another port", { readiness: { ...TCP, tcp: { port: 8081 } } }, false],
  ["one that wants more than one success", { readiness: { ...TCP, successThreshold: 2 } }, false],
  ["one that begins later", { readiness: { ...TCP, initialDelaySeconds: 1 } }, false],
  ["one that asks by HTTP", { readiness: { ...TCP, http: { path: "/", headers: {} } } }, false],
  ["one that runs a command", { readiness: PROBE }, false],
  ["a startup probe before it", { readiness: TCP, startup: TCP }, false],
])("%s: %o", (_name, changes, accepts) => {
  expect(acceptsWhenReady(workload("default/app", changes).template)).toBe(accepts);
});

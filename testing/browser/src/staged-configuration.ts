import type { Configuration, ConfigurationPlan, LayerConfiguration, Revised } from "@ebb/api";
import * as data from "./staged-data.ts";

const time = "2026-11-23T09:00:00Z";

export const configuration: Revised<Configuration> = {
  revision: "7",
  items: [
    { name: "DATABASE_URL", kind: "variable", text: "postgres://shop:${DB_PASSWORD}@db/shop", value: null, layer: "app", over: ["team"] },
    { name: "DB_PASSWORD", kind: "secret", text: null, value: null, layer: "team", over: [] },
    { name: "FEATURE_FLAGS", kind: "variable", text: '{"new-cart":true}', value: '{"new-cart":true}', layer: "source", over: [] },
    { name: "GREETING", kind: "variable", text: "Hello from ${REGION}", value: "Hello from eu", layer: "app", over: [] },
    { name: "LOG_LEVEL", kind: "variable", text: "info", value: "info", layer: "environment", over: ["platform", "team"] },
    { name: "REGION", kind: "variable", text: "eu", value: "eu", layer: "platform", over: [] },
    { name: "TRACING", kind: "hidden", text: null, value: null, layer: "app", over: ["team"] },
  ],
  fault: null,
};

const stated = { updatedAt: time, updatedBy: "grace" };
export const teamLayer: Revised<LayerConfiguration> = {
  revision: "3",
  layer: "team",
  items: [
    { name: "LOG_LEVEL", kind: "variable", value: "debug", ...stated },
    { name: "DB_PASSWORD", kind: "secret", value: null, ...stated },
    { name: "REGION", kind: "hidden", value: null, ...stated },
  ],
};

const planned = { team: "default", app: "hello-node", newVersion: true, approvals: 0, fault: null };
export const plan: ConfigurationPlan = {
  apps: [
    { ...planned, environment: "test", changes: [{ path: "variables.LOG_LEVEL", from: "info", to: "warn" }] },
    { ...planned, environment: "prod", approvals: 1, changes: [{ path: "variables.LOG_LEVEL", from: "info", to: "warn" }] },
    {
      ...planned,
      app: "hello-python",
      environment: "test",
      newVersion: false,
      changes: [{ path: "secrets.DB_PASSWORD", from: "set", to: "set anew" }],
    },
  ],
};

export const change = { plan, operation: data.rollout, operations: data.operations.slice(0, 2) };

import type { Approval, Cluster, Environment, TeamMember, UsageReport, User } from "@ebb/api";

const time = "2026-11-23T09:00:00Z";

function environment(name: "test" | "staging" | "prod", more: Partial<Environment> = {}): Environment {
  return {
    team: "default",
    name,
    template: name,
    order: 10,
    warm: false,
    scaling: { min: 0, max: 0, idleSeconds: null },
    limits: { maxInstances: 0 },
    deployRole: "developer",
    releaseRole: "developer",
    approvals: 0,
    rollbacksWait: false,
    freezes: [],
    versions: { keep: 20, days: null },
    cluster: "local",
    namespace: `default-${name}`,
    hostSuffix: `-${name}`,
    preview: null,
    frozen: null,
    schedule: null,
    asleep: null,
    nextChange: null,
    instances: 3,
    apps: 6,
    createdAt: time,
    updatedAt: time,
    ...more,
  };
}

export const environments: Environment[] = [
  environment("test", {
    schedule: { timeZone: "Europe/Berlin", sleep: ["0 20 * * 1-5"], wake: ["0 7 * * 1-5"], onRequest: "wake" },
    asleep: { since: time, by: "schedule", onRequest: "wake", settled: true },
    nextChange: { to: "wake", at: "2099-11-24T06:00:00Z" },
    instances: 0,
  }),
  environment("staging", { order: 30, releaseRole: "releaser" }),
  environment("prod", {
    order: 40,
    warm: true,
    deployRole: "releaser",
    releaseRole: "releaser",
    approvals: 1,
    freezes: [
      { why: "Year end", from: "2026-11-20T00:00:00Z", to: "2099-01-02T00:00:00Z" },
      { why: "No releases at weekends", cron: "0 18 * * 5", minutes: 3600, timeZone: "Europe/Berlin" },
    ],
    frozen: { why: "Year end", until: "2099-01-02T00:00:00Z" },
  }),
];

export const preview = environment("test", {
  name: "feature-login",
  order: 900,
  preview: { branch: "feature/login", expiresAt: "2099-01-01T00:00:00Z" },
  apps: 1,
});

export const members: TeamMember[] = [
  { user: "ada", displayName: "Ada Lovelace", disabled: false, role: "admin", source: "manual" },
  { user: "grace", displayName: "Grace Hopper", disabled: false, role: "releaser", source: "oidc" },
  { user: "old", displayName: "", disabled: true, role: "viewer", source: "manual" },
];

const user = (name: string, more: Partial<User>): User => ({
  name,
  displayName: "",
  email: "",
  platformAdmin: false,
  disabled: false,
  password: true,
  singleSignOn: false,
  createdAt: time,
  lastSignInAt: null,
  ...more,
});
export const users: User[] = [
  user("ada", { displayName: "Ada Lovelace", email: "ada@example.com", platformAdmin: true, lastSignInAt: time }),
  user("grace", { displayName: "Grace Hopper", singleSignOn: true, password: false, lastSignInAt: time }),
  user("old", { disabled: true }),
];

export const approvals: Approval[] = [
  {
    operation: "op-waiting",
    kind: "promote",
    team: "default",
    environment: "prod",
    app: "hello-node",
    author: "grace",
    state: "waiting",
    needed: 2,
    votes: [{ user: "linus", vote: "approve", why: "tested on staging", time }],
    changes: [
      { path: "variables.LOG_LEVEL", from: "warn", to: "info" },
      { path: "image", from: "ebb.local/hello-node@sha256:0123", to: "ebb.local/hello-node@sha256:4567" },
    ],
    createdAt: time,
    expiresAt: "2099-11-24T09:00:00Z",
  },
];

const used = (hours: number, cost: number) => ({
  instanceSeconds: 3600 * hours,
  cpuSeconds: 900 * hours,
  memoryGibSeconds: 900 * hours,
  cost,
});
const usageOf = (app: string, hours: number) => ({
  day: null,
  team: "default",
  app,
  environment: null,
  ...used(hours, hours * 0.02),
  kept: used(720, 14.4),
  savedShare: 1 - hours / 720,
});
export const usage: UsageReport = {
  from: "2026-10-25",
  to: "2026-11-23",
  prices: { currency: "EUR", cpuHour: 0.04, memoryHour: 0.005, assumedCpu: 0.25, assumedMemory: 0.25 },
  items: [usageOf("hello-node", 160), usageOf("hello-python", 12)],
  total: { ...used(172, 3.44), kept: used(1440, 28.8), savedShare: 1 - 172 / 1440 },
  gaps: [{ cluster: "local", from: "2026-11-01T02:00:00Z", to: "2026-11-01T02:30:00Z" }],
};

const onCluster = { since: time, knative: true, istio: true, environments: [], apps: 0, instances: 0 };
export const clusters: Cluster[] = [
  {
    ...onCluster,
    name: "local",
    main: true,
    server: "https://127.0.0.1:6443",
    ingress: "127.0.0.1:8080",
    state: "ready",
    message: "",
    version: "v1.35.0",
    latencyMs: 4,
    lastSeen: time,
    environments: ["test", "staging", "prod"].map((name) => ({ team: "default", name })),
    apps: 6,
    instances: 5,
    createdAt: null,
    createdBy: null,
  },
  {
    ...onCluster,
    name: "frankfurt",
    main: false,
    server: "https://203.0.113.7:6443",
    ingress: "203.0.113.7:80",
    state: "unreachable",
    message: "connect ETIMEDOUT 203.0.113.7:6443",
    version: "v1.34.2",
    latencyMs: null,
    lastSeen: time,
    createdAt: time,
    createdBy: "ada",
  },
];

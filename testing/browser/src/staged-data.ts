import type {
  App,
  AppEnvironment,
  AppState,
  Instance,
  LogRecord,
  Operation,
  Phase,
  PlatformStatus,
  Rates,
  Team,
  Version,
  VersionDiff,
  ScalingDecision,
} from "@ebb/api";

/** Sample data for states that a real platform reaches slowly or by accident. All times hang on one moment. */
const START = Date.parse("2026-11-23T09:00:00Z");
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();
const url = (name: string) => `http://${name}.sls-local.localhost:8080/`;

function place(name: string, state: AppState, rest: Partial<AppEnvironment> = {}): AppEnvironment {
  const message = {
    ready: "",
    asleep: "No requests for 60 seconds; the next one wakes it",
    deploying: "v2 is starting",
    failed: "v1 exited with code 3 before it was ready",
    empty: "Nothing has been deployed here yet",
    unknown: "The cluster has not answered yet",
  }[state];
  return {
    app: name,
    environment: "test",
    team: "default",
    state,
    url: url(name),
    host: name,
    message,
    latestVersion: "v1",
    rules: [],
    traffic: state === "failed" ? [] : [{ version: "v1", percent: 100 }],
    instances: state === "ready" ? 1 : 0,
    createdAt: at(0),
    updatedAt: at(600),
    ...rest,
  };
}

function app(environments: AppEnvironment[], kind: App["kind"] = "application"): App {
  const about = { description: "", owner: "", repository: "", serviceTag: "", level: "", contacts: [], labels: {}, dependsOn: [] };
  return { name: environments[0]?.app ?? "", team: "default", kind, ...about, environments, createdAt: at(0), updatedAt: at(600) };
}

export const apps: App[] = [
  app([
    place("hello-node", "ready", {
      latestVersion: "v12",
      instances: 3,
      traffic: [
        { version: "v11", percent: 90 },
        { version: "v12", percent: 10 },
      ],
    }),
    place("hello-node", "asleep", { environment: "prod", latestVersion: "v3", traffic: [{ version: "v3", percent: 100 }] }),
  ]),
  app([
    place("hello-python", "asleep"),
    place("hello-python", "empty", { environment: "prod", latestVersion: null, traffic: [], url: "" }),
  ]),
  app([place("docs", "asleep")], "site"),
  app([place("importer", "deploying")]),
  app([place("broken", "failed", { latestVersion: "v1" })]),
  app([place("a-service-with-a-rather-long-name-that-is-allowed-ok", "ready")]),
];

export const versions: Version[] = Array.from({ length: 12 }, (_, index) => {
  const number = 12 - index;
  const percent = number === 11 ? 90 : number === 12 ? 10 : 0;
  const state = number === 9 ? "failed" : number <= 3 ? "deleted" : percent > 0 ? "ready" : "asleep";
  return {
    name: `v${number}`,
    app: "hello-node",
    environment: "test",
    digest: null,
    commit: null,
    source: null,
    promotedFrom: null,
    state,
    message: state === "failed" ? "The process exited with code 1 before it was ready" : "",
    image: `ebb.local/hello-node@sha256:${"0123456789abcdef".repeat(4)}`,
    detectedFrom: "package.json",
    percent,
    instances: number === 11 ? 2 : number === 12 ? 1 : 0,
    previewUrl: state === "deleted" ? null : `http://v${number}-hello-node.sls-local.localhost:8080/`,
    createdAt: at(number * 60),
    pinned: null,
    createdBy: "admin",
  };
});

type Staged = Pick<ScalingDecision, "version" | "previous" | "desired" | "cause" | "reason" | "votes" | "winner">;
const decided = (minutesAgo: number, what: Staged): ScalingDecision => {
  const time = new Date(Date.now() - minutesAgo * 60_000).toISOString();
  const observed = { stable: 21, panic: 24.5, ready: what.previous };
  const measured = { metric: "concurrency", observed, target: 7, mode: "stable", reachable: true, excessBurstCapacity: -190 } as const;
  return { time, until: time, trigger: "tick", ...measured, recommended: what.desired, bounds: { min: 0, max: 10 }, ...what };
};
/** Newest first. */
export const decisions: ScalingDecision[] = [
  decided(2, {
    version: "v11",
    previous: 3,
    desired: 2,
    cause: "traffic",
    reason: "12 requests at once on average over 60 s, aiming at 7 per instance",
  }),
  decided(4, { version: "v12", previous: 0, desired: 1, cause: "wake", reason: "a request arrived while it was asleep" }),
  decided(9, {
    version: "v11",
    previous: 1,
    desired: 3,
    cause: "panic",
    votes: [
      { strategy: "concurrency", desired: 3, reason: "21 requests at once, aiming at 7 per instance" },
      { strategy: "cron", desired: 2, reason: "2 from 08:00 to 18:00" },
    ],
    winner: "concurrency",
    reason: "21 requests at once on average over 6 s, aiming at 7 per instance, in panic mode: never fewer while it panics",
  }),
  decided(14, { version: "v12", previous: 1, desired: 0, cause: "idle", reason: "no traffic for 60 s: asleep" }),
  decided(30, { version: "v11", previous: 0, desired: 1, cause: "something-new", reason: "a reason that this console does not know" }),
];

export const instances: Instance[] = [
  { id: "hello-node-00011-k3fz9", version: "v11", restarts: 0, ready: true, phase: "Running", message: "" },
  { id: "hello-node-00011-x8w2m", version: "v11", restarts: 3, ready: true, phase: "Running", message: "" },
  { id: "hello-node-00012-p0q7d", version: "v12", restarts: 0, ready: false, phase: "Starting", message: "Waiting for port 8080" },
].map((instance) => ({ ...instance, app: "hello-node", environment: "test", startedAt: at(700) }));

export const team: Team = {
  name: "default",
  description: "",
  environments: ["test", "staging", "prod"],
  apps: 6,
  previewLimit: 10,
  createdAt: at(0),
  updatedAt: at(0),
};
const image = `ebb.local/hello-node@sha256:${"0123456789abcdef".repeat(4)}`;
export const diff: VersionDiff = {
  app: "hello-node",
  from: { environment: "prod", version: "v3", image, digest: null },
  to: { environment: "test", version: "v11", image, digest: null },
  sameArtifact: false,
  changes: [
    { path: "variables.LOG_LEVEL", from: "warn", to: "info" },
    { path: "variables.FEATURE_FLAGS", from: null, to: '{"new-cart":true}' },
    { path: "secrets.DATABASE_URL", from: "set", to: null },
    { path: "scaling.min", from: "1", to: "0" },
  ],
};

export const configuration = [
  { path: "health.path", value: "/healthz" },
  { path: "port", value: "8080" },
  { path: "scaling.min", value: "0" },
  { path: "variables.LOG_LEVEL", value: "info" },
];
export const rates: Rates = {
  items: [{ app: "hello-node", environment: "test", requestsPerSecond: 18.4, errorsPerSecond: 0.2 }],
  recorded: true,
};

export const phase = (name: string, seconds: number, state: Phase["state"] = "succeeded", message = ""): Phase => ({
  name,
  state,
  message,
  startedAt: at(800),
  finishedAt: state === "running" ? null : at(800 + seconds),
  duration: seconds * 1000,
});

export function operation(id: string, kind: Operation["kind"], rest: Partial<Operation>): Operation {
  return {
    id,
    kind,
    team: "default",
    app: "hello-node",
    environment: "test",
    state: "succeeded",
    phases: [],
    version: null,
    url: url("hello-node"),
    previewUrl: null,
    failure: null,
    createdAt: at(800),
    createdBy: "admin",
    partOf: null,
    deadline: at(1700),
    finishedAt: at(812),
    ...rest,
  };
}

export const failed = operation("op-failed", "deploy", {
  state: "failed",
  version: "v9",
  phases: [
    phase("unpack", 0.02),
    phase("detect", 0.01, "succeeded", "Node.js, from package.json"),
    phase("build", 6.4, "succeeded", "npm ci, npm run build"),
    phase("package", 0.4),
    phase("start", 2.1, "failed", "the process exited with code 1"),
  ],
  failure: {
    code: "crash_at_start",
    message: "v9 of hello-node exited before it was ready",
    hint: "Set DATABASE_URL: `ebb secrets set hello-node DATABASE_URL`.",
    chain: ["v9 never became ready", "CrashLoopBackOff: it exited with code 1", "Error: DATABASE_URL is not set"],
    saidChain: [null, { code: "cause.crash-loop", with: { message: "CrashLoopBackOff: it exited with code 1" } }, null],
    log: ["> node server.js", "Error: DATABASE_URL is not set", "    at connect (server.js:12:9)", "Node.js v24.21.0"],
  },
});

export const running = operation("op-running", "deploy", {
  state: "running",
  version: "v13",
  finishedAt: null,
  phases: [phase("unpack", 0.02), phase("detect", 0.01, "succeeded", "Node.js, from package.json"), phase("build", 3, "running", "npm ci")],
});

export const waiting = operation("op-waiting", "promote", { state: "waiting", environment: "prod", version: "v4", finishedAt: null });

export const trafficDone = operation("op-traffic", "traffic", {
  phases: [phase("apply", 0.05), phase("route", 0.2), phase("verify", 0.1)],
});

export const rollout = operation("op-rollout", "rollout", {
  state: "running",
  app: "",
  environment: "prod",
  url: null,
  finishedAt: null,
  phases: [phase("apps", 3, "running", "1 of 3 have it; 1 wait for approval")],
});

export const operations: Operation[] = [
  running,
  waiting,
  trafficDone,
  failed,
  operation("op-config", "config", { version: "v12", phases: [phase("create", 0.1), phase("start", 0.9), phase("verify", 0.1)] }),
  operation("op-cancelled", "deploy", { state: "cancelled", app: "docs" }),
  operation("op-delete", "delete", { app: "old-app", url: null, phases: [phase("delete", 0.4)] }),
];

export const status: PlatformStatus = {
  version: "0.1.0",
  startedAt: at(0),
  user: "admin",
  cluster: { name: "local", ready: true, message: "" },
  gateway: { address: "127.0.0.1:8080", ready: true },
  apps: { total: 6, ready: 2, asleep: 2, failed: 1 },
  disk: { free: 4e10, total: 1e11, state: "ok" },
  platforms: [
    {
      host: "ebb-1",
      address: "10.0.0.11:8443",
      version: "0.1.0",
      startedAt: at(0),
      seenAt: new Date().toISOString(),
      operations: 2,
      answering: true,
    },
    {
      host: "a-machine-with-a-long-name-in-another-hall",
      address: "10.0.0.12:8443",
      version: "0.1.0",
      startedAt: at(300),
      seenAt: new Date().toISOString(),
      operations: 0,
      answering: false,
    },
  ],
  attention: [],
};

/** A log of so many lines; one in ten goes to standard error, one in fifty is long. */
export function logRecords(count: number, first = 0): LogRecord[] {
  return Array.from({ length: count }, (_, at) => record(first + at));
}

function record(index: number): LogRecord {
  return {
    time: new Date(START + index * 7).toISOString(),
    version: index % 10 === 3 ? "v12" : "v11",
    instance: index % 10 === 3 ? "hello-node-00012-p0q7d" : "hello-node-00011-k3fz9",
    stream: index % 10 === 7 ? "stderr" : "stdout",
    text: index % 50 === 9 ? `line ${index} ${"a long line that has to wrap ".repeat(12)}` : `line ${index} GET /items/${index} 200 3 ms`,
  };
}

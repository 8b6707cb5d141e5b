import { defineConfig } from "vitest/config";

/** One more than the cores that such a machine has: those with containers mostly wait. */
const WORKERS = 3;
const WITH_CONTAINERS = ["testing/conformance/knative.test.ts", "testing/e2e/{real-software,in-cluster}.test.ts"];
/** They measure the memory of the process that they are in, which others would have filled. */
const ALONE = ["packages/gateway/src/streaming.test.ts", "packages/gateway/src/workers/worker-pool.test.ts"];

export default defineConfig({
  test: {
    // Real processes on a machine that others use, too: a second try, which the report marks `(retry x1)`. One that needs it is looked into.
    retry: 1,
    projects: [
      // Fast and pure or on real sockets, files and processes of their own; files run side by side. Those that come one after the other share a process,
      // and what they import is compiled and evaluated there once: a process for each took three quarters of the time of those that are pure.
      {
        test: {
          name: "unit",
          isolate: false,
          maxWorkers: WORKERS,
          include: ["apps/*/src/**/*.test.ts", "packages/*/src/**/*.test.ts", "scripts/**/*.test.ts", "bench/src/**/*.test.ts"],
          exclude: ALONE,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: "alone",
          maxWorkers: WORKERS,
          include: ALONE,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      // The gateway once more, without Node's undocumented bindings (docs/adr/0006).
      {
        test: {
          name: "gateway on documented sockets",
          maxWorkers: WORKERS,
          include: ["packages/gateway/src/*.test.ts"],
          env: { EBB_TEST_TRANSPORT: "documented" },
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      // Those with containers, beside what is no browser: the network devices that come and go with those make browsers drop what they have under way.
      {
        test: {
          name: "containers",
          include: WITH_CONTAINERS,
          maxWorkers: WORKERS,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      // Whole platforms and browsers: two files at a time, one for each of the two cores that such a machine has.
      {
        test: {
          name: "system",
          include: ["testing/{conformance,e2e,robustness,browser}/**/*.test.ts"],
          exclude: WITH_CONTAINERS,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});

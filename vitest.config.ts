import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Real processes on a machine that others use, too: a second try, which the report marks `(retry x1)`. One that needs it is looked into.
    retry: 1,
    projects: [
      // Fast and pure or on real sockets, files and processes of their own; files run side by side.
      {
        test: {
          name: "unit",
          include: ["apps/*/src/**/*.test.ts", "packages/*/src/**/*.test.ts", "scripts/**/*.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      // The gateway once more, without Node's undocumented bindings (docs/adr/0006).
      {
        test: {
          name: "gateway on documented sockets",
          include: ["packages/gateway/src/*.test.ts"],
          env: { EBB_TEST_TRANSPORT: "documented" },
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      // Whole platforms, engines and browsers: one file at a time, as they share the machine's two cores and its container engine.
      {
        test: {
          name: "system",
          include: ["testing/{conformance,e2e,robustness,browser}/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});

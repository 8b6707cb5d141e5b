import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
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

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("five seconds of coverage-guided fuzzing find nothing, and get about in the parser", async () => {
  const program = join(import.meta.dirname, "../../fuzz/main.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [program, "--seconds", "5"]);
  process.stdout.write(stdout);
  const report = JSON.parse(stdout) as { runs: number; corpus: number; accepted: number; blocks: { run: number } };
  expect(report.runs).toBeGreaterThan(50);
  expect(report.corpus).toBeGreaterThan(10);
  expect(report.blocks.run).toBeGreaterThan(100);
  expect(report.accepted).toBeGreaterThan(0);
});

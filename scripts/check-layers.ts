/** Runs dependency-cruiser over the layer rules; fails too when it cruised no modules, which would make every rule hold. */
import { spawnSync } from "node:child_process";

const result = spawnSync(
  "depcruise",
  ["--config", ".dependency-cruiser.json", "--output-type", "json", "apps", "packages", "testing", "bench"],
  {
    encoding: "utf8",
    maxBuffer: 512 * 1024 * 1024,
  },
);
if (result.error) throw result.error;
interface Report {
  summary: { totalCruised: number; error: number; violations: { from: string; to: string; rule: { name: string; severity: string } }[] };
}
const { summary } = JSON.parse(result.stdout) as Report;
for (const { from, to, rule } of summary.violations) console.error(`${rule.severity} ${rule.name}: ${from} → ${to}`);
const LEAST_MODULES = 50;
if (summary.totalCruised < LEAST_MODULES) {
  console.error(`only ${summary.totalCruised} modules were cruised: the check saw nothing`);
  process.exitCode = 1;
} else if (summary.error > 0) process.exitCode = 1;
else console.log(`layers: ${summary.totalCruised} modules, no violation`);

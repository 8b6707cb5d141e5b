import { startEbb } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { proveReleases } from "./proof/prove-releases.ts";

/** A small part of `npm run proof`, which makes 500. */
test("no request fails and none goes to a wrong version while platform and cluster are killed in the middle of releases", async () => {
  const ebb = await startEbb({ args: ["--no-containers"] });
  onTestFinished(ebb.dispose);
  const options = { apps: 3, releases: 9, versions: 2, longestLife: 1500, longestDwell: 500, pause: 50 };
  const report = await proveReleases(ebb, { ...options, victims: ["platform", "cluster"], tell: () => undefined });
  const { failures, wrong, releases, requests, kills } = report;
  console.log(`releases under fire: ${JSON.stringify({ releases, requests, kills, outcomes: report.outcomes })}`);
  expect([...failures, ...wrong]).toEqual([]);
  expect(releases).toBe(9);
  expect(kills).toBeGreaterThan(0);
  expect(requests).toBeGreaterThan(100);
});

import { existsSync } from "node:fs";
import { join } from "node:path";
import { silentLogger, systemClock } from "@ebb/base";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import type { InstanceSpec } from "../port.ts";
import { ContainerMaker } from "./container-maker.ts";

const SPEC = { id: "a", workload: "ns/app" } as InstanceSpec;

test("what a start lays out waits until what an earlier one of the same id had is thrown away", async () => {
  const folder = await tempDir("ebb-maker-");
  onTestFinished(() => folder.remove());
  const removed = Promise.withResolvers<void>();
  const docker = { getContainer: () => ({ remove: () => removed.promise }) };
  const identities = join(folder.path, "identities");
  const volumes = { disk: join(folder.path, "disk"), memory: join(folder.path, "memory"), claims: join(folder.path, "claims") };
  const options = { engine: { docker }, identities, volumes, clock: systemClock, log: silentLogger };
  const parts = { networks: { release: () => Promise.resolve() } };
  const maker = new ContainerMaker(
    options as unknown as ConstructorParameters<typeof ContainerMaker>[0],
    parts as unknown as ConstructorParameters<typeof ContainerMaker>[1],
  );
  const discarded = maker.discard("a");
  const identity = { token: "t", certificate: "c", namespace: "ns" };
  const laidOut = maker.prepareFiles(SPEC, { identity });
  removed.resolve();
  await Promise.all([discarded, laidOut]);
  expect(existsSync(join(identities, "a"))).toBe(true);
});

import { readFileSync } from "node:fs";
import { silentLogger, systemClock } from "@ebb/base";
import { tempDir } from "@ebb/testkit";
import { expect, test } from "vitest";
import { findEngine } from "./engine.ts";
import { seccompProfile, withoutUnused } from "./seccomp.ts";

const profile = (subArchitectures: string[]) => ({
  defaultAction: "SCMP_ACT_ERRNO",
  archMap: [
    { architecture: "SCMP_ARCH_X86_64", subArchitectures },
    { architecture: "SCMP_ARCH_S390X", subArchitectures: ["SCMP_ARCH_S390"] },
  ],
  syscalls: [{ names: ["read"], action: "SCMP_ACT_ALLOW", args: [], includes: { arches: ["x32"] } }],
});

test("x32 alone is left out, programs of 32 bits keep theirs", () => {
  const lean = withoutUnused(JSON.stringify(profile(["SCMP_ARCH_X86", "SCMP_ARCH_X32"])));
  expect(JSON.parse(lean ?? "")).toEqual(profile(["SCMP_ARCH_X86"]));
});

test("a profile without it is left as it is", () => {
  expect(withoutUnused(JSON.stringify(profile(["SCMP_ARCH_X86"])))).toBeUndefined();
  expect(withoutUnused("{}")).toBeUndefined();
});

test("another engine keeps its own", async () => {
  expect(await seccompProfile({ name: "docker", socketPath: "/nowhere" }, "/nowhere")).toBeUndefined();
});

const engine = await findEngine({ clock: systemClock, log: silentLogger });
test.skipIf(engine?.name !== "podman" || process.arch !== "x64")("Podman's is copied without it", async () => {
  if (!engine) return;
  const { path, remove } = await tempDir();
  const copy = await seccompProfile(engine, path);
  const text = readFileSync(copy ?? "", "utf8");
  await remove();
  expect(text).toContain(`"SCMP_ARCH_X86"`);
  expect(text).not.toContain("SCMP_ARCH_X32");
});

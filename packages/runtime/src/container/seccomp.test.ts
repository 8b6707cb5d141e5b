import { readFileSync } from "node:fs";
import { silentLogger, systemClock } from "@ebb/base";
import { tempDir } from "@ebb/testkit";
import { expect, test } from "vitest";
import { findEngine } from "./engine.ts";
import { seccompProfiles, without } from "./seccomp.ts";

const profile = (subArchitectures: string[]) => ({
  defaultAction: "SCMP_ACT_ERRNO",
  archMap: [
    { architecture: "SCMP_ARCH_X86_64", subArchitectures },
    { architecture: "SCMP_ARCH_S390X", subArchitectures: ["SCMP_ARCH_S390"] },
  ],
  syscalls: [{ names: ["read"], action: "SCMP_ACT_ALLOW", args: [], includes: { arches: ["x32"] } }],
});

const isX32 = (architecture: string) => architecture === "SCMP_ARCH_X32";

test("x32 alone is left out, programs of 32 bits keep theirs; or all but the machine's own", () => {
  const both = JSON.stringify(profile(["SCMP_ARCH_X86", "SCMP_ARCH_X32"]));
  expect(JSON.parse(without(both, isX32) ?? "")).toEqual(profile(["SCMP_ARCH_X86"]));
  const { archMap } = JSON.parse(without(both, () => true) ?? "") as ReturnType<typeof profile>;
  expect(archMap.map(({ subArchitectures }) => subArchitectures)).toEqual([[], []]);
});

test("a profile without it is left as it is", () => {
  expect(without(JSON.stringify(profile(["SCMP_ARCH_X86"])), isX32)).toBeUndefined();
  expect(without("{}", () => true)).toBeUndefined();
});

test("another engine keeps its own", async () => {
  expect(await seccompProfiles({}, "/nowhere")).toEqual({});
});

const engine = await findEngine({ clock: systemClock, log: silentLogger });
test.skipIf(engine?.name !== "podman" || process.arch !== "x64")("Podman's is copied without them", async () => {
  if (!engine) return;
  const { path, remove } = await tempDir();
  const { all = "", native = "" } = await seccompProfiles(engine, path);
  const [wide, narrow] = [readFileSync(all, "utf8"), readFileSync(native, "utf8")];
  await remove();
  expect([wide.includes(`"SCMP_ARCH_X86"`), wide.includes("SCMP_ARCH_X32")]).toEqual([true, false]);
  expect([narrow.includes(`"SCMP_ARCH_X86_64"`), narrow.includes(`"SCMP_ARCH_X86"`)]).toEqual([true, false]);
});

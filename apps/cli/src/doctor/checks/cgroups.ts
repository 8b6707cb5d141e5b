import { access, constants, readFile } from "node:fs/promises";
import { ok, type Check } from "../finding.ts";

export type CgroupLayout = "v2" | "hybrid" | "v1" | "none";

export const checkCgroups: Check = async () => {
  const mounts = await readFile("/proc/self/mountinfo", "utf8").catch(() => "");
  const layout = cgroupLayout(mounts);
  const facts = { id: "cgroups", title: "Control groups" };
  const effect = "Memory and CPU limits of instances that are processes are kept by rlimits alone, which count each process by itself.";
  if (layout === "none") {
    return [
      {
        ...facts,
        level: "warning",
        found: "not mounted",
        meaning: effect,
        remedy: "Run containers instead, or mount cgroups (any systemd machine does).",
      },
    ];
  }
  const folder = layout === "v2" ? await ownGroup() : "/sys/fs/cgroup/memory";
  const writable = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (writable) return [ok(facts.id, facts.title, `${layout}, ${folder} can be written`)];
  return [
    {
      ...facts,
      level: "warning",
      found: `${layout}, ${folder} cannot be written`,
      meaning: effect,
      remedy: "Run Ebb as root, or in a systemd unit with Delegate=yes.",
    },
  ];
};

/** What proc(5) mountinfo says: version 2 alone, both, version 1 alone, or none. */
export function cgroupLayout(mountinfo: string): CgroupLayout {
  const types = mountinfo.split("\n").map((line) => line.split(" - ")[1]?.split(" ")[0]);
  const [first, second] = [types.includes("cgroup"), types.includes("cgroup2")];
  if (first) return second ? "hybrid" : "v1";
  return second ? "v2" : "none";
}

async function ownGroup(): Promise<string> {
  const text = await readFile("/proc/self/cgroup", "utf8").catch(() => "");
  const path =
    text
      .split("\n")
      .find((line) => line.startsWith("0::"))
      ?.slice("0::".length) ?? "";
  return `/sys/fs/cgroup${path === "/" ? "" : path}`;
}

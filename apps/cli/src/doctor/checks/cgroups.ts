import { access, constants, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ok, type Check } from "../finding.ts";

const ROOT = "/sys/fs/cgroup";

/** What the server does for a limit that no control group keeps. */
const WITHOUT: Readonly<Record<string, string>> = {
  memory: "memory is looked at now and then, and an instance above its limit is ended",
  cpu: "CPU limits are not kept",
  pids: "processes are limited per user",
};

export type CgroupLayout = "v2" | "hybrid" | "v1" | "none";

/** Instances get groups of their own at the root of each hierarchy: that is what must be writable. */
export const checkCgroups: Check = async () => {
  const layout = cgroupLayout(await readFile("/proc/self/mountinfo", "utf8").catch(() => ""));
  const facts = { id: "cgroups", title: "Control groups" };
  const missing: string[] = [];
  for (const controller of Object.keys(WITHOUT)) if (!(await isUsable(controller))) missing.push(controller);
  if (missing.length === 0) return [ok(facts.id, facts.title, `${layout}, for memory, CPU and processes`)];
  return [
    {
      ...facts,
      level: "warning",
      found: `${layout === "none" ? "not mounted" : layout}; not to be used by us: ${missing.join(", ")}`,
      meaning: `For instances that are processes: ${missing.map((controller) => WITHOUT[controller]).join("; ")}.`,
      remedy:
        layout === "none"
          ? "Mount control groups (any systemd machine has them)."
          : "Run Ebb as root on the machine itself; in a container, give it the host's control groups.",
    },
  ];
};

async function isUsable(controller: string): Promise<boolean> {
  const unified = await readFile(join(ROOT, "cgroup.controllers"), "utf8").catch(() => undefined);
  if (unified !== undefined && !unified.trim().split(" ").includes(controller)) return false;
  return access(unified === undefined ? join(ROOT, controller) : ROOT, constants.W_OK).then(
    () => true,
    () => false,
  );
}

/** What proc(5) mountinfo says: version 2 alone, both, version 1 alone, or none. */
export function cgroupLayout(mountinfo: string): CgroupLayout {
  const types = mountinfo.split("\n").map((line) => line.split(" - ")[1]?.split(" ")[0]);
  const [first, second] = [types.includes("cgroup"), types.includes("cgroup2")];
  if (first) return second ? "hybrid" : "v1";
  return second ? "v2" : "none";
}

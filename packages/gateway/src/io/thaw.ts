import { writeFileSync } from "node:fs";
import { basename, normalize } from "node:path";

const ROOT = "/sys/fs/cgroup/";
/** What is written to which file of the kernel's freezer; of cgroup v1, and of v2. */
const THAWED: Readonly<Record<string, string>> = { "freezer.state": "THAWED", "cgroup.freeze": "0" };

/** Whether all that can be done by writing to it is to freeze and to thaw. */
export function isThawFile(path: string): boolean {
  return path.startsWith(ROOT) && normalize(path) === path && Object.hasOwn(THAWED, basename(path));
}

/** Puts a control group back on the CPU, in some tens of microseconds; false when it is gone, or not ours. */
export function thaw(file: string): boolean {
  try {
    writeFileSync(file, THAWED[basename(file)] ?? "", { flag: "r+" });
    return true;
  } catch {
    return false;
  }
}

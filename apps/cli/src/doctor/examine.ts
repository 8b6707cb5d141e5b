import { checkCgroups } from "./checks/cgroups.ts";
import { checkContainerEngine } from "./checks/container-engine.ts";
import { checkDataFolder } from "./checks/data-folder.ts";
import { checkDatabase } from "./checks/database.ts";
import { checkLimits } from "./checks/limits.ts";
import { checkMemory } from "./checks/memory.ts";
import { checkNames } from "./checks/names.ts";
import { checkNode } from "./checks/node.ts";
import { checkPlatforms } from "./checks/platforms.ts";
import { checkPorts } from "./checks/ports.ts";
import { checkTools } from "./checks/tools.ts";
import { checkUser } from "./checks/user.ts";
import type { Check, Examination, Finding } from "./finding.ts";

/** In the order of the report: what stops `up` first. */
const CHECKS: readonly Check[] = [
  checkNode,
  checkPorts,
  checkDataFolder,
  checkDatabase,
  checkPlatforms,
  checkMemory,
  checkLimits,
  checkUser,
  checkCgroups,
  checkContainerEngine,
  checkNames,
  checkTools,
];

export async function examine(examination: Examination): Promise<Finding[]> {
  return (await Promise.all(CHECKS.map((check) => check(examination)))).flat();
}

import type { Cgroups } from "./cgroup.ts";
import type { ProcessLimits } from "./spawn.ts";

/** A Java server has a few hundred threads; a fork bomb ends here. */
const PROCESSES = 1024;
/** Without a user per instance the limit counts everything that the person runs, a desktop included. */
const SHARED_USER_PROCESSES = 16_384;

interface Machine {
  isRoot: boolean;
  cgroups: Cgroups;
}

/**
 * There is no memory limit among them: RLIMIT_AS and RLIMIT_DATA count what a program reserves, and Node.js and Java reserve gigabytes that they
 * never touch. Without a control group the memory watch stands in.
 */
export function processLimits(machine: Machine): ProcessLimits {
  return { processes: machine.isRoot || machine.cgroups.enforced.has("pids") ? PROCESSES : SHARED_USER_PROCESSES };
}

/** One finding for the preflight. */
export interface RuntimeFact {
  name: string;
  ok: boolean;
  /** What it means for the applications. */
  message: string;
  hint?: string;
}

export function describeIsolation(machine: Machine & { setpriv: string | undefined }): RuntimeFact[] {
  const { enforced } = machine.cgroups;
  const missing = (["cpu", "memory", "pids"] as const).filter((controller) => !enforced.has(controller));
  return [
    machine.isRoot
      ? { name: "user", ok: true, message: "each instance runs as an unprivileged user of its own" }
      : {
          name: "user",
          ok: false,
          message: "Ebb is not root: instances run as this user and can read its files and each other's",
          hint: "Run only what you trust, run Ebb as root, or deploy images.",
        },
    machine.setpriv === undefined
      ? { name: "privileges", ok: false, message: "setpriv is missing: instances can use set-uid programs", hint: "Install util-linux." }
      : { name: "privileges", ok: true, message: "instances cannot gain privileges" },
    missing.length === 0
      ? { name: "limits", ok: true, message: "CPU, memory and process limits are enforced with control groups" }
      : {
          name: "limits",
          ok: false,
          message: `no control group for ${missing.join(", ")}: ${missing.includes("memory") ? "memory is looked at twice a second and an instance above its limit is killed, " : ""}${missing.includes("cpu") ? "CPU limits are not enforced, " : ""}processes are limited per user`,
          hint: "Run Ebb as root, or in a systemd unit with Delegate=yes.",
        },
  ];
}

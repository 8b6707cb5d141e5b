import { readFile } from "node:fs/promises";
import { ok, type Check, type Finding } from "../finding.ts";

/** Each connection through the gateway takes two descriptors. */
const COMFORTABLE_FILES = 8192;
const COMFORTABLE_PROCESSES = 2048;

export const checkLimits: Check = async () => {
  const text = await readFile("/proc/self/limits", "utf8").catch(() => undefined);
  if (text === undefined) return [];
  return [checkFiles(hardLimit(text, "Max open files")), checkProcesses(hardLimit(text, "Max processes"))];
};

/** proc(5): name, soft, hard and unit in columns. Infinity for `unlimited`. */
export function hardLimit(text: string, name: string): number {
  const [, , hard] =
    /^\s+(\S+)\s+(\S+)/.exec(
      text
        .split("\n")
        .find((line) => line.startsWith(name))
        ?.slice(name.length) ?? "",
    ) ?? [];
  return hard === undefined || hard === "unlimited" ? Infinity : Number(hard);
}

function checkFiles(limit: number): Finding {
  const facts = { id: "limit-files", title: "Open files" };
  if (limit >= COMFORTABLE_FILES) return ok(facts.id, facts.title, shown(limit));
  return {
    ...facts,
    level: "warning",
    found: shown(limit),
    meaning: `The gateway can hold about ${Math.floor(limit / 2)} connections.`,
    remedy: "Raise it: `ulimit -Hn 65536` as root, LimitNOFILE=65536 in a systemd unit, or /etc/security/limits.conf.",
  };
}

function checkProcesses(limit: number): Finding {
  const facts = { id: "limit-processes", title: "Processes" };
  if (limit >= COMFORTABLE_PROCESSES) return ok(facts.id, facts.title, shown(limit));
  return {
    ...facts,
    level: "warning",
    found: shown(limit),
    meaning: "Builds and instances are processes with threads of their own: they will fail to start when there are many.",
    remedy: "Raise it: `ulimit -Hu 16384` as root, LimitNPROC in a systemd unit, or /etc/security/limits.conf.",
  };
}

function shown(limit: number): string {
  return limit === Infinity ? "no limit" : `at most ${limit}`;
}

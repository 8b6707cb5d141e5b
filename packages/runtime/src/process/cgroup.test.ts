import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { tempDir } from "@ebb/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { frozenMemory, instanceMemory } from "../instance-memory.ts";
import { detectCgroups } from "./cgroup.ts";

const LIMITS = { cpuMillis: 250, memoryBytes: 64 * 1024 * 1024, pids: 100 };

/** A folder with the files that the kernel would show; it stands in for a hierarchy that this machine may not have. */
async function tree(files: Record<string, string>): Promise<{ root: string; read(path: string): string }> {
  const folder = await tempDir();
  onTestFinished(() => folder.remove());
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder.path, path, ".."), { recursive: true });
    writeFileSync(join(folder.path, path), text);
  }
  return { root: folder.path, read: (path) => readFileSync(join(folder.path, path), "utf8") };
}

describe("control groups", () => {
  it("are one tree in version 2", async () => {
    const { root, read } = await tree({
      "cgroup.controllers": "cpuset cpu io memory pids",
      "ebb/cgroup.procs": "",
      "ebb/cgroup.controllers": "cpu pids",
      "ebb/memory.swap.max": "max",
      "ebb/app/cgroup.procs": "12\n13\n",
      "ebb/app/memory.swap.max": "max",
      "ebb/app/memory.events": "low 0\noom 3\noom_kill 2\noom_group_kill 0\n",
    });
    const cgroups = detectCgroups(root);
    expect([...cgroups.enforced]).toEqual(["cpu", "memory", "pids"]);
    // Switched on where it was not.
    expect(read("cgroup.subtree_control")).toBe("+memory");
    expect(read("ebb/cpu.weight")).toBe(String(100 * availableParallelism()));
    expect(read("ebb/memory.max")).toBe(String(instanceMemory()));
    expect(read("ebb/memory.swap.max")).toBe(String(frozenMemory()));
    cgroups.create("app", LIMITS);
    expect([read("ebb/app/cpu.max"), read("ebb/app/memory.max"), read("ebb/app/memory.swap.max"), read("ebb/app/pids.max")]).toEqual([
      "25000 100000",
      "67108864",
      "0",
      "100",
    ]);
    expect(cgroups.members("app")).toEqual([12, 13]);
    expect(cgroups.oomKills("app")).toBe(2);
    await cgroups.join("app", 77);
    expect(read("ebb/app/cgroup.procs")).toBe("77");
  });

  it("enforce what there is in version 1", async () => {
    const { root, read } = await tree({
      "cpu/ebb/cgroup.procs": "",
      "memory/ebb/cgroup.procs": "",
      "pids/ebb/cgroup.procs": "",
      "memory/ebb/app/cgroup.procs": "5\n",
      "memory/ebb/app/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
      "pids/ebb/app/cgroup.procs": "5\n6\n",
    });
    const cgroups = detectCgroups(root);
    expect([...cgroups.enforced]).toEqual(["cpu", "memory", "pids"]);
    // All together what the kubelet gives to Pods.
    expect(read("cpu/ebb/cpu.shares")).toBe(String(1024 * availableParallelism()));
    expect(read("memory/ebb/memory.limit_in_bytes")).toBe(String(instanceMemory()));
    cgroups.create("app", LIMITS);
    expect([read("memory/ebb/app/memory.limit_in_bytes"), read("pids/ebb/app/pids.max")]).toEqual(["67108864", "100"]);
    expect(cgroups.members("app")).toEqual([5, 6]);
    expect(cgroups.oomKills("app")).toBe(1);
  });

  it("enforce nothing and fail nothing where there are none", async () => {
    const { root } = await tree({});
    const cgroups = detectCgroups(root);
    expect(cgroups.enforced.size).toBe(0);
    cgroups.create("app", LIMITS);
    await cgroups.join("app", 1);
    expect(cgroups.members("app")).toBeUndefined();
    expect(cgroups.oomKills("app")).toBe(0);
    expect(cgroups.remove("app")).toBe(true);
  });
});

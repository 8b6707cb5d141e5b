import { chmodSync, mkdirSync } from "node:fs";
import { Readable } from "node:stream";
import type Docker from "dockerode";
import { isGone } from "./engine-errors.ts";
import { tarOf } from "./tar.ts";

/** As on any machine: for all, and each may delete only what is theirs. */
const MODE = 0o1777;

/**
 * Gives a container its /tmp where its image has none, before its program begins: Knative's runtime contract has it that there is one to be written. By the root of its
 * first process, which has its mounts by then: a matter of microseconds, where the engine takes some hundred milliseconds.
 */
export function provideTmp(pid: number): void {
  const path = `/proc/${pid}/root/tmp`;
  try {
    mkdirSync(path);
    chmodSync(path, MODE);
  } catch {
    // It is there; or its files are to be read only, or are not ours, and what needs it will say so.
  }
}

/** The same of one whose process cannot be seen from here, before it is started. */
export async function provideTmpByEngine(container: Docker.Container): Promise<void> {
  try {
    await container.infoArchive({ path: "/tmp" });
  } catch (error) {
    if (!isGone(error)) throw error;
    await container.putArchive(Readable.from([tarOf({ name: "tmp/", mode: MODE })]), { path: "/" });
  }
}

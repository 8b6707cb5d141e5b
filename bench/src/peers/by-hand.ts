import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { firstByte } from "./first-byte.ts";
import { freePort } from "./processes.ts";

const POLL = 1;
const PATIENCE = 30_000;

/** Writes an application's files to a folder. */
export async function layOut(folder: string, files: Record<string, string>): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

/** What a person does without a platform: starts `node server.js` and asks its port until it answers. Milliseconds to the first byte; it is ended. */
export async function startByHand(folder: string): Promise<number> {
  const port = await freePort();
  const began = performance.now();
  const child = spawn(process.execPath, ["server.js"], {
    cwd: folder,
    // Scrubbed as an instance's is: certificates named in the caller's environment alone cost 30 ms.
    env: { PATH: "/usr/bin:/bin", PORT: `${port}` },
    stdio: "ignore",
  });
  try {
    await answering(port, child);
    return performance.now() - began;
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}

/** Resolves when the port gives its first answer. */
export async function answering(port: number, child: ChildProcess): Promise<void> {
  const until = performance.now() + PATIENCE;
  for (;;) {
    try {
      await firstByte({ host: "127.0.0.1", port, name: "localhost" });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED") throw error;
      if (child.exitCode !== null || performance.now() > until)
        throw new Error("what was started by hand does not answer", { cause: error });
      await sleep(POLL);
    }
  }
}

import { execFile, execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Measure } from "../rest/serve-measured.ts";
import type { PodStreams } from "../streams/pod-streams.ts";
import { startServer } from "./server.ts";

export const KUBECTL = "kubectl";

/** Says so once when there is none: the tests with it are left out. */
export function findKubectl(): boolean {
  try {
    execFileSync(KUBECTL, ["version", "--client"], { stdio: "ignore" });
    return true;
  } catch {
    process.stderr.write("skipped: the tests with kubectl, as there is none on the PATH (Debian has no package of it)\n");
    return false;
  }
}

/** A server of its own and kubectl with its kubeconfig; both answer text without the space around it. */
export async function connectKubectl({
  env: own = {},
  ...options
}: { podStreams?: PodStreams; measure?: Measure; env?: Record<string, string> } = {}) {
  const server = await startServer({
    ...options,
    podLogs: async function* lines() {
      yield { time: 0, stream: "stdout", text: "hello" };
    },
  });
  const path = join(server.folder, "kubeconfig");
  await writeFile(path, server.kubeconfig);
  const base = ["--kubeconfig", path, "--cache-dir", join(server.folder, "cache")];
  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    promisify(execFile)(KUBECTL, [...base, ...args], { timeout: 20_000, env: { ...process.env, ...own, ...env } });
  const failure = (args: readonly string[]) => run(args).catch((error: unknown) => error) as Promise<{ stdout?: string; stderr?: string }>;
  return {
    server,
    base,
    kubectl: async (...args: string[]) => (await run(args)).stdout.trim(),
    /** Warnings are among its errors. */
    both: (...args: string[]) => run(args),
    fails: async (...args: string[]) => String((await failure(args)).stderr),
    /** What it prints although it ends with a failure, as `diff` does when there is a difference. */
    differs: async (...args: string[]) => String((await failure(args)).stdout),
    /** `kubectl edit` with a program that edits the file it is given. */
    edit: async (editor: string, ...args: string[]) => (await run(["edit", ...args], { KUBE_EDITOR: editor })).stdout.trim(),
    async file(name: string, ...objects: object[]) {
      await writeFile(join(server.folder, name), objects.map((object) => JSON.stringify(object)).join("\n"));
      return join(server.folder, name);
    },
  };
}

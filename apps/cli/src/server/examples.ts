import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Client } from "@ebb/api";
import { appNameFrom } from "../app-name.ts";
import type { Context } from "../context.ts";
import { deploySource } from "../deploy-source.ts";
import { findCommand } from "../find-command.ts";
import { toFailure } from "../failure.ts";
import { followOperation } from "../operations.ts";

const EXAMPLES = join(import.meta.dirname, "../../../../examples");

/** Files that say what an example cannot do without, and the program that is. */
const NEEDS: Readonly<Record<string, string>> = { "go.mod": "go", "requirements.txt": "python3", "pyproject.toml": "python3" };
const CONTAINER_FILES = ["Dockerfile", "Containerfile"];

/**
 * Deploys the examples that this machine can build, all at once: the platform decides how many it builds at a time, and one with a slow
 * compiler holds up nobody. One that fails is reported and does not stop the others: the platform itself is up.
 */
export async function deployExamples(context: Context, client: Client, folder = EXAMPLES): Promise<void> {
  const { progress, host } = context;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")).map((entry) => entry.name);
  const waiting = new Set(names.sort());
  const show = () => progress.busy(`deploying the examples ${[...waiting].join(", ")}`);
  show();
  await Promise.all(
    names.map(async (name) => {
      await deployExample(context, client, join(folder, name));
      waiting.delete(name);
      if (!host.interrupted.aborted) show();
    }),
  );
  progress.idle();
}

/** Rejects only when interrupted. */
async function deployExample(context: Context, client: Client, folder: string): Promise<void> {
  const { progress, host } = context;
  const name = basename(folder);
  const missing = await missingFor(folder, context);
  if (missing !== undefined) return progress.line(`${progress.style.dim("-")} example ${name} is left out: ${missing}`);
  const began = host.clock.monotonic();
  // The phases of all of them would bury what matters at the first start.
  const quiet: Context = { ...context, progress: progress.silent() };
  try {
    const started = await deploySource(quiet, client, { folder, name: undefined, defaultName: appNameFrom(name), noTraffic: false });
    const operation = await followOperation(quiet, client, started, { logs: false });
    progress.done(`example ${operation.app}`, host.clock.monotonic() - began);
  } catch (error) {
    host.interrupted.throwIfAborted();
    const failure = toFailure(error);
    progress.failed(`example ${name}: ${failure.message}`, host.clock.monotonic() - began);
    if (failure.hint !== undefined) progress.line(`  ${failure.hint}`);
  }
}

async function missingFor(example: string, context: Context): Promise<string | undefined> {
  const files = await readdir(example);
  if (files.some((file) => CONTAINER_FILES.includes(file))) return "its image needs a program of this machine, see its README";
  for (const [file, program] of Object.entries(NEEDS)) {
    if (files.includes(file) && !(await findCommand([program], context.host.env))) return `${program} is not installed`;
  }
  return undefined;
}

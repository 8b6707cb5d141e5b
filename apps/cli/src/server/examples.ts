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

/** Deploys each example that this machine can build. One that fails is reported and does not stop the others: the platform itself is up. */
export async function deployExamples(context: Context, client: Client, folder = EXAMPLES): Promise<void> {
  const { progress, host } = context;
  const folders = (await readdir(folder, { withFileTypes: true }).catch(() => [])).filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith("."),
  );
  for (const { name } of folders.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    host.interrupted.throwIfAborted();
    const example = join(folder, name);
    const missing = await missingFor(example, context);
    if (missing !== undefined) {
      progress.line(`${progress.style.dim("-")} example ${name} is left out: ${missing}`);
      continue;
    }
    const began = host.clock.monotonic();
    try {
      progress.busy(`deploying the example ${name}`);
      const operation = await deployQuietly(context, client, example);
      progress.done(`example ${operation.app}`, host.clock.monotonic() - began);
    } catch (error) {
      host.interrupted.throwIfAborted();
      const failure = toFailure(error);
      progress.failed(`example ${name}: ${failure.message}`, host.clock.monotonic() - began);
      if (failure.hint !== undefined) progress.line(`  ${failure.hint}`);
    }
  }
  progress.idle();
}

/** Phases of examples would bury what matters at the first start: they only show in the live line. */
async function deployQuietly(context: Context, client: Client, folder: string) {
  const quiet: Context = { ...context, progress: context.progress.quieter() };
  try {
    const started = await deploySource(quiet, client, {
      folder,
      name: undefined,
      defaultName: appNameFrom(basename(folder)),
      noTraffic: false,
    });
    return await followOperation(quiet, client, started, { logs: false, label: started.app });
  } finally {
    quiet.progress.idle();
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

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Context } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { Failure } from "./failure.ts";

/** The bytes of a file that an option names, seen from where the command runs. Throws a Failure of usage when it cannot be read. */
export async function readNamedFile(context: Context, file: string): Promise<Buffer> {
  try {
    return await readFile(resolve(context.host.cwd, file));
  } catch (cause) {
    throw new Failure(`cannot read ${file}`, {
      exit: EXIT.usage,
      chain: [cause instanceof Error ? cause.message : String(cause)],
      cause,
    });
  }
}

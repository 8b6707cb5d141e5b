import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** The path of the first of these programs that is in PATH. */
export async function findCommand(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  for (const name of names) {
    for (const folder of (env["PATH"] ?? "").split(delimiter).filter(Boolean)) {
      const path = join(folder, name);
      const usable = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (usable) return path;
    }
  }
  return undefined;
}

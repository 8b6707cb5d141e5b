import { link, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemCode, type Random } from "@ebb/base";

/** What tells this data folder from any other; made by whoever first asks, also when two do at once. */
export async function folderId(dataRoot: string, random: Random): Promise<string> {
  const path = join(dataRoot, "folder-id");
  const present = await readFile(path, "utf8").catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (present !== undefined) return present.trim();
  const own = `${path}.${random.uuid()}`;
  await writeFile(own, `${random.uuid()}\n`, { mode: 0o600 });
  try {
    // The first link stays: never a file that is half written.
    await link(own, path);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  } finally {
    await rm(own, { force: true });
  }
  return (await readFile(path, "utf8")).trim();
}

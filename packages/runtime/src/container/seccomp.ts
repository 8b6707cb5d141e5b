import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Engine } from "./engine.ts";
import { podmanGet } from "./podman-api.ts";

/** An ABI that hardly any program has used, and most kernels are built without. */
const UNUSED = "SCMP_ARCH_X32";

interface Profile {
  archMap?: { architecture: string; subArchitectures?: string[] }[];
}

interface Info {
  host: { security: { seccompEnabled?: boolean; seccompProfilePath?: string } };
}

/**
 * A copy of the profile of system calls that a Podman of this machine gives to containers, without x32: the runtime compiles it anew for each container and
 * each architecture, some 15 ms of a cold start for one that no program needs. Resolves with the copy's path, undefined where the engine's own is the
 * better (another engine, no filter, another machine's processor).
 */
export async function seccompProfile(
  { name, socketPath }: Pick<Engine, "name" | "socketPath">,
  folder: string,
): Promise<string | undefined> {
  if (name !== "podman") return undefined;
  const { security } = ((await podmanGet(socketPath, "/info")) as Info).host;
  if (!security.seccompEnabled || !security.seccompProfilePath) return undefined;
  const lean = withoutUnused(await readFile(security.seccompProfilePath, "utf8"));
  if (lean === undefined) return undefined;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, "seccomp.json");
  await writeFile(path, lean, { mode: 0o644 });
  return path;
}

/** Undefined when there is nothing to leave out. */
export function withoutUnused(text: string): string | undefined {
  const profile = JSON.parse(text) as Profile;
  const using = profile.archMap?.filter(({ subArchitectures }) => subArchitectures?.includes(UNUSED)) ?? [];
  for (const entry of using) entry.subArchitectures = entry.subArchitectures?.filter((name) => name !== UNUSED) ?? [];
  return using.length === 0 ? undefined : JSON.stringify(profile);
}

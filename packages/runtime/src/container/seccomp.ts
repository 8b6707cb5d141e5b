import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Engine } from "./engine.ts";

/** An ABI that hardly any program has used, and most kernels are built without. */
const UNUSED = "SCMP_ARCH_X32";

interface Profile {
  archMap?: { architecture: string; subArchitectures?: string[] }[];
}

/** Files with the system calls that programs may make; the engine's own where there is none. */
export interface SeccompProfiles {
  /** For programs of 32 bits, too. */
  all?: string;
  /** For the machine's own architecture alone. */
  native?: string;
}

/**
 * Copies of the profile of system calls that a Podman of this machine gives to containers: the runtime compiles it anew for each container and each architecture, some
 * 15 ms of a cold start for x32, which no program needs, and 11 ms for 32 bits, which hardly any image has. None where the engine's own is the better
 * (another engine, no filter, another machine's processor).
 */
export async function seccompProfiles({ podman }: Pick<Engine, "podman">, folder: string): Promise<SeccompProfiles> {
  const { seccompEnabled, seccompProfilePath } = podman?.host.security ?? {};
  if (!seccompEnabled || !seccompProfilePath) return {};
  const own = await readFile(seccompProfilePath, "utf8");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const write = async (file: string, lean: string | undefined) => {
    if (lean === undefined) return undefined;
    const path = join(folder, file);
    await writeFile(path, lean, { mode: 0o644 });
    return path;
  };
  const all = await write(
    "seccomp.json",
    without(own, (architecture) => architecture === UNUSED),
  );
  const native = await write(
    "seccomp-native.json",
    without(own, () => true),
  );
  return { ...(all === undefined ? {} : { all }), ...(native === undefined ? {} : { native }) };
}

/** Without those architectures beside a machine's own; undefined when there is nothing to leave out. */
export function without(text: string, unused: (architecture: string) => boolean): string | undefined {
  const profile = JSON.parse(text) as Profile;
  const using = profile.archMap?.filter(({ subArchitectures }) => subArchitectures?.some(unused)) ?? [];
  for (const entry of using) entry.subArchitectures = entry.subArchitectures?.filter((name) => !unused(name)) ?? [];
  return using.length === 0 ? undefined : JSON.stringify(profile);
}

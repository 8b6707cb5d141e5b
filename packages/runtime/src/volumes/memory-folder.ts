import { chmodSync, lstatSync, mkdirSync, statfsSync } from "node:fs";
import { causeChain } from "@ebb/base";

const TMPFS = 0x0102_1994;

/** Why this is no place in memory. */
export interface NoMemoryFolder {
  problem: string;
  hint?: string;
}

/** Makes a folder that only we may pass through, where what a program writes counts as its own memory; says why that cannot be. */
export function makeMemoryFolder(path: string): NoMemoryFolder | undefined {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    return { problem: `${path} cannot be made: ${causeChain(error).join(": ")}` };
  }
  // Anybody may make a folder with that name where it is.
  const { uid } = lstatSync(path);
  if (uid !== process.getuid?.() || !lstatSync(path).isDirectory())
    return { problem: `${path} belongs to another user`, hint: "Remove it." };
  chmodSync(path, 0o700);
  return statfsSync(path).type === TMPFS ? undefined : { problem: `${path} is not in memory` };
}

import { chmodSync, mkdirSync } from "node:fs";

/** Makes a folder that others pass through to what they know the name of; returns whether it was not there. */
export function makePassable(path: string): boolean {
  const isNew = mkdirSync(path, { recursive: true, mode: 0o711 }) !== undefined;
  // The mode of mkdir is cut by the umask.
  chmodSync(path, 0o711);
  return isNew;
}

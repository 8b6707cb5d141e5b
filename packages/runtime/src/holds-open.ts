import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Whether that process of this machine has that very file open. False when either is gone, or may not be looked at. */
export function holdsOpen(pid: number, path: string): boolean {
  try {
    const { dev, ino } = statSync(path);
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((descriptor) => {
      const open = statSync(join(folder, descriptor), { throwIfNoEntry: false });
      return open?.ino === ino && open.dev === dev;
    });
  } catch {
    return false;
  }
}

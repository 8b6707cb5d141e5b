import { statSync } from "node:fs";
import { dirname } from "node:path";

/** The first folder on the way to `path` that users other than its owner may not pass through; undefined when there is none. */
export function closedFolder(path: string): string | undefined {
  const closed: string[] = [];
  for (let at = dirname(path); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) closed.push(at);
    if (at === dirname(at)) return closed.at(-1);
  }
}

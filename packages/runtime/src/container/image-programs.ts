import { lstat, open, opendir } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { causeChain, type Logger } from "@ebb/base";

/** More than images have; of one with more it is not known. */
const MOST_FILES = 500_000;
/** More than a machine has; a bound, as references come from outside. */
const MOST_IMAGES = 10_000;
/** How a program of 32 bits begins. */
const NARROW = Buffer.from("\x7fELF\x01", "latin1");

/**
 * What is known of the programs in images. Looked at once, while nobody waits: the files of the image's layers, where the engine keeps them on this machine.
 * Only images that are named by a digest are to be asked for, as those never change.
 */
export class ImagePrograms {
  readonly #inspect: (reference: string) => Promise<Docker.ImageInspectInfo | undefined>;
  readonly #log: Logger;
  readonly #looks = new Map<string, Promise<void>>();
  readonly #native = new Set<string>();

  constructor(inspect: (reference: string) => Promise<Docker.ImageInspectInfo | undefined>, log: Logger) {
    this.#inspect = inspect;
    this.#log = log;
  }

  /** Whether it is known that none of them is of 32 bits. */
  isNative(reference: string): boolean {
    return this.#native.has(reference);
  }

  /** Never throws: what cannot be looked at stays unknown; what is not there is looked at once it is. */
  look(reference: string): Promise<void> {
    let look = this.#looks.get(reference);
    if (!look) {
      if (this.#looks.size >= MOST_IMAGES) {
        this.#looks.clear();
        this.#native.clear();
      }
      look = this.#look(reference).catch((error: unknown) => {
        this.#log.info({ image: reference, reason: causeChain(error) }, "the programs of an image could not be looked at");
      });
      this.#looks.set(reference, look);
    }
    return look;
  }

  async #look(reference: string): Promise<void> {
    const image = await this.#inspect(reference);
    if (!image) return void this.#looks.delete(reference);
    const layers = layersOf(image);
    if (layers.length > 0 && !(await hasNarrow(layers))) this.#native.add(reference);
  }
}

/** Where an engine on overlayfs has them; empty where it has them otherwise. */
function layersOf(image: Docker.ImageInspectInfo): string[] {
  const { UpperDir, LowerDir = "" } = (image.GraphDriver?.Data ?? {}) as { UpperDir?: string; LowerDir?: string };
  return UpperDir === undefined ? [] : [UpperDir, ...LowerDir.split(":").filter(Boolean)];
}

/** Whether among the files of these folders that may be executed there is a program of 32 bits. */
export async function hasNarrow(folders: readonly string[]): Promise<boolean> {
  let left = MOST_FILES;
  for (const folder of folders) {
    for await (const entry of await opendir(folder, { recursive: true })) {
      if (--left < 0) return true;
      if (entry.isFile() && (await isNarrow(join(entry.parentPath, entry.name)))) return true;
    }
  }
  return false;
}

async function isNarrow(path: string): Promise<boolean> {
  if (((await lstat(path)).mode & 0o111) === 0) return false;
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(NARROW.length), 0, NARROW.length, 0);
    return bytesRead === NARROW.length && buffer.equals(NARROW);
  } finally {
    await file.close();
  }
}

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "./fuzz.ts";

/** Inputs that were found before, a file each in `FOLDER/TARGET`: the next run begins with them. */
export function loadCorpus(folder: string, targets: readonly Target[]): void {
  for (const { name, corpus } of targets) {
    const path = join(folder, name);
    if (existsSync(path)) for (const file of readdirSync(path).toSorted()) corpus.push(readFileSync(join(path, file)));
  }
}

export function keepInCorpus(folder: string, { name }: Target, input: Buffer): void {
  mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, name, createHash("sha256").update(input).digest("hex").slice(0, 16)), input);
}

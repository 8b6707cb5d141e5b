import { readFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";

/** What Kubernetes' documentation says, by message and field; of a message itself under "". */
export type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>;

const FILE = new URL("descriptions.bin", import.meta.url);

/** Read when somebody asks for them, and not kept: a third of a megabyte of text that few need. `scripts/kubernetes-descriptions.ts` writes them. */
export function readDescriptions(): Descriptions {
  return JSON.parse(inflateRawSync(readFileSync(FILE)).toString("utf8")) as Descriptions;
}

import { crc32 } from "node:zlib";

export const EXAMPLE_KEY = "_example";
export const EXAMPLE_CHECKSUM = "knative.dev/example-checksum";

/** knative.dev/pkg configmap.Checksum: of the text without the space around it, each run of line ends as the two characters `\n`. */
export function exampleChecksum(text: string): string {
  return crc32(text.trim().replace(/(?:\r?\n)+/g, "\\n"))
    .toString(16)
    .padStart(8, "0");
}

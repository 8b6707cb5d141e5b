import { createHash } from "node:crypto";

/** What an environment's name may have. */
const LONGEST = 20;
const MARK = 4;

/** A name that an environment can have, from that of a branch; what is cut off is told apart by a mark. Pure. */
export function previewName(branch: string): string {
  const plain = branch
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^[^a-z]+|-+$/g, "");
  const whole = plain === "" ? "preview" : plain;
  if (whole.length <= LONGEST && plain !== "") return whole;
  const mark = createHash("sha256").update(branch).digest("hex").slice(0, MARK);
  return `${whole.slice(0, LONGEST - MARK - 1).replace(/-+$/, "")}-${mark}`;
}

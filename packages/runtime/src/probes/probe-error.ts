/** Why one probe did not succeed, in words. */
export class ProbeFailure extends Error {
  override readonly name = "ProbeFailure";
}

/** The longest part of an answer that is shown. */
const LONGEST = 256;

export function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

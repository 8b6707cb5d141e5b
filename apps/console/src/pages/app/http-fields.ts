export const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

const HEADER = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+:[\t\x20-\x7e]*$/;

/** Lines of `Name: value`; blank ones are passed over. `wrong`: the first that is none. */
export function headerLines(text: string): { lines: string[]; wrong: string | null } {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return { lines, wrong: lines.find((line) => !HEADER.test(line)) ?? null };
}

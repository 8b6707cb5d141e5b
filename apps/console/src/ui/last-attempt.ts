export interface Attempts {
  /** The last lines, once. */
  lines: readonly string[];
  /** How often they are there, one time after the other. */
  times: number;
}

/** What fails at its start is started again, and writes the same again: such lines are shown once. */
export function lastAttempt(lines: readonly string[]): Attempts {
  for (let length = 1; length <= lines.length / 2; length++) {
    if (lines.length % length !== 0) continue;
    if (lines.every((line, index) => line === lines[index % length]))
      return { lines: lines.slice(0, length), times: lines.length / length };
  }
  return { lines, times: 1 };
}

/** Sized by styles.css: `--version-0` … */
const COLOURS = 6;

/** The colour of a version, the same on every page: `v7` is always the same; neighbours differ. */
export function versionColour(version: string): string {
  const number = Number.parseInt(version.slice(1), 10);
  return `var(--version-${Number.isNaN(number) ? 0 : number % COLOURS})`;
}

/** Sized by styles/base.css: `--version-0` … */
const COLOURS = 6;

/** 7 of `v7`. */
function numberOf(version: string): number {
  return Number.parseInt(version.slice(1), 10);
}

/** The colour of a version, the same on every page; neighbours differ. */
export function versionColour(version: string): string {
  const number = numberOf(version);
  return `var(--version-${Number.isNaN(number) ? 0 : number % COLOURS})`;
}

/** Sorts newest first, by number: v10 before v9. Every list and picture of versions has this order. */
export function byNewest(a: string, b: string): number {
  return numberOf(b) - numberOf(a);
}

import { percentile } from "./percentile.ts";

/** Measures two by turns, so that what else the machine does meets both, and returns the median of the rounds' ratios (ours to theirs). */
export async function rounds<T>(
  count: number,
  measure: { ours: () => Promise<T>; theirs: () => Promise<T>; ratio: (ours: T, theirs: T) => number; show: (value: T) => string },
): Promise<number> {
  await measure.ours();
  await measure.theirs();
  const ratios: number[] = [];
  for (let round = 1; round <= count; round++) {
    const theirsFirst = round % 2 === 0 ? await measure.theirs() : undefined;
    const ours = await measure.ours();
    const theirs = theirsFirst ?? (await measure.theirs());
    const ratio = measure.ratio(ours, theirs);
    ratios.push(ratio);
    console.log(`  round ${round}: ebb ${measure.show(ours)}, peer ${measure.show(theirs)}, ratio ${ratio.toFixed(2)}`);
  }
  ratios.sort((a, b) => a - b);
  const middle = percentile(ratios, 0.5);
  console.log(`  median ${middle.toFixed(2)}, from ${ratios[0]?.toFixed(2)} to ${ratios.at(-1)?.toFixed(2)}`);
  return middle;
}

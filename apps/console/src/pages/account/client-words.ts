const BROWSERS: readonly [name: string, sign: RegExp][] = [
  ["Edge", /\bEdg(?:A|iOS)?\//],
  ["Opera", /\bOPR\//],
  ["Firefox", /\b(?:Firefox|FxiOS)\//],
  ["Chrome", /\b(?:Chrome|Chromium|HeadlessChrome|CriOS)\//],
  ["Safari", /\bSafari\//],
];
const SYSTEMS: readonly [name: string, sign: RegExp][] = [
  ["Android", /Android/],
  ["iOS", /iPhone|iPad/],
  ["Windows", /Windows/],
  ["macOS", /Mac OS X|Macintosh/],
  ["ChromeOS", /CrOS/],
  ["Linux", /Linux/],
];

/** What a browser says that it is, as people call it: `Firefox · Linux`; what it says itself where it is none that is known. */
export function clientWords(agent: string): string {
  const named = (list: typeof BROWSERS) => list.find(([, sign]) => sign.test(agent))?.[0];
  const browser = named(BROWSERS);
  return browser === undefined ? agent : [browser, named(SYSTEMS)].filter(Boolean).join(" · ");
}

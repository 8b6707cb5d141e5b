import type { Browser, BrowserContextOptions } from "playwright-core";
import { DESK } from "./browser.ts";

/** A first visit: nothing in the browser's cache. Times are milliseconds since the address was asked for. */
export interface ColdLoad {
  /** The page's heading and content are there, and the main thread is free for a key or a click. */
  usable: number;
  /** Something could be seen. */
  painted: number;
  /** What the page's process computed until then: the steadier figure on a busy machine. */
  cpu: number;
  /** Of that, scripts. */
  script: number;
  /** When the page asked the platform's API for the first time. */
  firstAsked: number;
  /** Scripts and styles, and their bytes as they were sent. */
  files: number;
  bytes: number;
  /** Requests to the API until then. */
  asked: number;
  /** How many of those one after the other: each began when another had ended. */
  inARow: number;
}

interface Entry {
  path: string;
  start: number;
  end: number;
  bytes: number;
}

/** Runs in the page before its own scripts. */
const WATCH = `
  window.usable = new Promise((resolve) => {
    const ready = () => {
      const heading = document.querySelector("h1");
      return heading && !document.querySelector("[role=status][aria-label=Loading], .ant-skeleton");
    };
    const free = () => {
      if (!ready()) return;
      watcher.disconnect();
      // After the frame that shows it, when nothing else is waiting for the thread.
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now()), 0));
    };
    const watcher = new MutationObserver(free);
    watcher.observe(document, { childList: true, subtree: true });
  });`;
const ENTRIES = `performance.getEntriesByType("resource").map(({ name, startTime, responseEnd, transferSize }) =>
  ({ path: new URL(name).pathname, start: startTime, end: responseEnd, bytes: transferSize }))`;
const PAINTED = `performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0`;

/** One cold load of an address in a profile of its own. */
export async function coldLoad(browser: Browser, path: string, options: BrowserContextOptions): Promise<ColdLoad> {
  const context = await browser.newContext({ locale: "en-US", viewport: DESK, ...options });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const session = await context.newCDPSession(page);
    await session.send("Performance.enable");
    await page.addInitScript(WATCH);
    await page.goto(path, { waitUntil: "commit" });
    const usable = await page.evaluate<number>("window.usable");
    const entries = (await page.evaluate<Entry[]>(ENTRIES)).filter(({ start }) => start < usable);
    const { metrics } = await session.send("Performance.getMetrics");
    const computed = (name: string) => (metrics.find((metric) => metric.name === name)?.value ?? 0) * 1000;
    const files = entries.filter((one) => one.path.startsWith("/assets/"));
    // A stream ends when the page does.
    const asked = entries.filter((one) => one.path.startsWith("/api/") && one.end > 0 && one.end <= usable);
    return {
      usable,
      painted: await page.evaluate<number>(PAINTED),
      cpu: computed("TaskDuration"),
      script: computed("ScriptDuration"),
      firstAsked: Math.min(...asked.map(({ start }) => start)),
      files: files.length,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
      asked: asked.length,
      inARow: longestRow(asked),
    };
  } finally {
    await context.close();
  }
}

/** The longest chain of requests of which each began after the one before had ended. */
function longestRow(asked: readonly { start: number; end: number }[]): number {
  let length = 0;
  let until = -1;
  for (const { start, end } of asked.toSorted((a, b) => a.end - b.end)) {
    if (start < until) continue;
    length++;
    until = end;
  }
  return length;
}

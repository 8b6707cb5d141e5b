import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { buildConsole, launchBrowser, newProfile, skipReason, visitIn, type Visit, type VisitOptions } from "./browser.ts";
import { startStagedPlatform, type Answer, type StagedPlatform } from "./staged-platform.ts";

export const PHONE = { width: 375, height: 740 };

export const problem = (status: number, code: string, detail: string, hint?: string): Answer => ({
  status,
  body: { type: "about:blank", title: code, status, code, detail, ...(hint === undefined ? {} : { hint }) },
});

/**
 * One staged platform and one browser for all tests of a file, and a profile for all those that look at it in the same way: its cache is warm from
 * the second on. What a test stages, the pages that it opens, and what they have remembered, end with it.
 */
export function stagedVisits() {
  let platform: StagedPlatform | undefined;
  let browser: Browser | undefined;
  const profiles = new Map<string, Promise<BrowserContext>>();
  const visits: Visit[] = [];
  const staged: string[] = [];
  const started = () => {
    if (!platform) throw new Error("the staged platform has not been started");
    return platform;
  };
  beforeAll(async () => {
    if (skipReason !== null) return;
    platform = await startStagedPlatform(buildConsole());
    browser = await launchBrowser();
  });
  afterEach(async () => {
    for (const route of staged.splice(0)) started().stage(route, undefined);
    for (const each of visits.splice(0)) {
      await each.page.evaluate("localStorage.clear()");
      await each.close();
    }
  });
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  });
  return {
    platform: started,
    stage(route: string, answer: Answer): void {
      staged.push(route);
      started().stage(route, answer);
    },
    async go(path: string, options: Partial<VisitOptions> = {}): Promise<Visit> {
      if (!browser) throw new Error("the browser has not been started");
      const { expected, ...look } = { baseURL: started().url, ...options };
      const way = JSON.stringify(look);
      const profile = profiles.get(way) ?? newProfile(browser, look);
      profiles.set(way, profile);
      const visited = await visitIn(await profile, { baseURL: look.baseURL, ...(expected === undefined ? {} : { expected }) });
      visits.push(visited);
      await visited.open(path);
      return visited;
    },
  };
}

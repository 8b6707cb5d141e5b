import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { visit } from "../browser.ts";
import type { LivePlatform } from "./live-platform.ts";

/** Every way in which people look at a page. */
const LOOKS = {
  "en-light": { locale: "en-US", colorScheme: "light" },
  "zh-dark": { locale: "zh-CN", colorScheme: "dark" },
  "en-dark": { locale: "en-US", colorScheme: "dark" },
  "zh-light": { locale: "zh-CN", colorScheme: "light" },
  "en-phone": { locale: "en-US", viewport: { width: 390, height: 800 } },
  "zh-phone": { locale: "zh-CN", viewport: { width: 390, height: 800 }, colorScheme: "dark" },
} satisfies Record<string, BrowserContextOptions>;

/** Every page of the console by a short name, with something on it. */
export function pagesOf({ operations }: Pick<LivePlatform, "operations">): Record<string, string> {
  const app = (rest: string) => `/apps/shop/prod${rest}`;
  return {
    apps: "/",
    deploy: "/deploy",
    app: app("?range=15m"),
    promote: "/apps/shop/test/promote?to=staging",
    versions: app("/versions"),
    version: app("/versions/v2"),
    traffic: app("/traffic"),
    guard: app("/guard"),
    domains: app("/domains"),
    releases: app("/releases"),
    scaling: app("/scaling"),
    "scaling-policy": app("/scaling-policy?over=1h&min=2"),
    "cold-starts": app("/cold-starts"),
    requests: app("/requests"),
    try: app("/try"),
    logs: app("/logs"),
    terminal: app("/terminal"),
    config: "/apps/shop/test/config",
    "app-operations": app("/operations"),
    events: app("/events"),
    settings: app("/settings"),
    operations: "/operations",
    "operation-failed": `/operations/${operations.failed}`,
    "operation-releasing": `/operations/${operations.releasing}`,
    "operation-waiting": `/operations/${operations.waiting}`,
    approvals: "/approvals",
    teams: "/teams",
    team: "/teams/default",
    git: "/teams/default/git",
    quota: "/teams/default/quota",
    previews: "/teams/default/previews",
    "team-configuration": "/teams/default/configuration",
    "environment-configuration": "/teams/default/environments/prod/configuration",
    configuration: "/configuration",
    clusters: "/clusters",
    environment: "/teams/default/environments/prod",
    users: "/users",
    usage: "/usage",
    account: "/account",
    audit: "/audit",
    status: "/status",
    missing: "/no/such/page",
  };
}

export interface GalleryOptions {
  platform: string;
  /** Makes the code of a link that signs in. */
  code: () => Promise<string>;
  pages: Record<string, string>;
  folder: string;
  looks?: readonly string[];
}

/** Whole pages, one file a page and look: for somebody who wants to see everything. Returns what the browser complained about. */
export async function photograph(
  browser: Browser,
  { platform, code, pages, folder, looks = Object.keys(LOOKS) }: GalleryOptions,
): Promise<string[]> {
  const complaints: string[] = [];
  await mkdir(folder, { recursive: true });
  for (const [look, options] of Object.entries(LOOKS)) {
    if (!looks.includes(look)) continue;
    const { page, open, complaints: own, close } = await visit(browser, { baseURL: platform, ...options });
    await page.goto(`${platform}/?code=${await code()}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    for (const [name, path] of Object.entries(pages)) {
      await open(path);
      await page.locator(".ant-skeleton").first().waitFor({ state: "detached" });
      await page.waitForTimeout(400);
      await page.screenshot({ path: join(folder, `${name}.${look}.png`), fullPage: true });
    }
    complaints.push(...own.map((each) => `${look}: ${each}`));
    await close();
  }
  return complaints;
}

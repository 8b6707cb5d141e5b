/**
 * Takes the pictures of README and docs from a live platform: `npm run pictures`. With a folder behind it (`npm run pictures -- FOLDER`), also every
 * page in every language, appearance and width, for somebody who wants to look at all of it.
 */
import { execFileSync } from "node:child_process";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { buildConsole, launchBrowser, skipReason, visit } from "./src/browser.ts";
import { pagesOf, photograph } from "./src/live/gallery.ts";
import { startLivePlatform } from "./src/live/live-platform.ts";

const IMAGES = join(import.meta.dirname, "../../docs/images");
const SIZE = { width: 1280, height: 860 };
/** So many seconds of visitors until charts have something to tell. */
const TRAFFIC = Number(process.env["PICTURES_AFTER"] ?? 240);
/** What a README may carry. */
const LARGEST = 200 * 1024;

if (skipReason !== null) throw new Error(skipReason);
if (execFileSync("fc-list", [":lang=zh"]).length === 0)
  throw new Error("no font has Chinese characters, which each page shows: apt-get install fonts-wqy-microhei");
buildConsole();
console.log("starting a platform, and deploying to it");
const live = await startLivePlatform();
try {
  const { ebb, operations } = live;
  const pages = pagesOf(live);
  const code = async () => (await ebb.client.createSessionCode()).code;
  console.log(`visitors come for ${TRAFFIC} s`);
  await new Promise((resolve) => setTimeout(resolve, TRAFFIC * 1000));
  const browser = await launchBrowser();
  try {
    await mkdir(IMAGES, { recursive: true });
    const { page, open, complaints } = await visit(browser, { baseURL: ebb.urls.platform, viewport: SIZE });
    await page.goto(`${ebb.urls.platform}/?code=${await code()}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    const take = async (name: string) => {
      await page.locator(".ant-skeleton").first().waitFor({ state: "detached" });
      // Fonts, and charts that are drawn after their data has come.
      await page.waitForTimeout(600);
      const path = join(IMAGES, `console-${name}.png`);
      await page.screenshot({ path });
      const { size } = await stat(path);
      console.log(`${name}: ${Math.round(size / 1024)} KB`);
      if (size > LARGEST) throw new Error(`console-${name}.png is larger than ${LARGEST / 1024} KB`);
    };
    const shown = {
      apps: "/",
      app: "/apps/shop/prod?range=15m",
      traffic: "/apps/shop/test/traffic",
      release: "/apps/shop/prod/releases",
      failure: `/operations/${operations.failed}`,
    };
    for (const [name, path] of Object.entries(shown)) {
      await open(path);
      await take(name);
    }
    await open("/apps/shop/prod/scaling");
    await page.locator(".u-over").click({ position: { x: 560, y: 60 } });
    await page.waitForURL(/at=/);
    await take("scaling");
    if (complaints.length > 0) throw new Error(`the browser complained:\n${complaints.join("\n")}`);
    const [folder] = process.argv.slice(2);
    if (folder !== undefined) {
      const found = await photograph(browser, { platform: ebb.urls.platform, code, pages, folder });
      if (found.length > 0) throw new Error(`the browser complained:\n${found.join("\n")}`);
    }
  } finally {
    await browser.close();
  }
} finally {
  await live.stop();
}

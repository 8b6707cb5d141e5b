import { buildConsole, coldLoad, launchBrowser, skipReason, type ColdLoad } from "@ebb/test-browser";
import { deploy, nodeApp, startEbb } from "@ebb/testkit";
import type { Benchmark } from "../main.ts";
import { Missing } from "../peers/processes.ts";

/** Milliseconds within which any page can be used, by somebody who has never been there. */
const GOAL = 1000;
const ROUNDS = Number(process.env["ROUNDS"] ?? 3);

export const benchmark: Benchmark = {
  summary: `the console's slowest page in Chromium with an empty cache, until it can be used: ${GOAL} ms / it`,
  goal: 1,
  run,
};

const app = (rest = "") => `/apps/shop/test${rest}`;
const pagesOf = (operation: string): string[] => [
  "/",
  "/deploy",
  app(),
  ...["promote", "versions", "versions/v2", "traffic", "guard", "releases", "domains", "scaling", "cold-starts", "try"].map((tab) =>
    app(`/${tab}`),
  ),
  ...["logs", "terminal", "config", "operations", "events", "settings"].map((tab) => app(`/${tab}`)),
  "/operations",
  `/operations/${operation}`,
  "/approvals",
  "/teams",
  "/teams/default",
  "/teams/default/quota",
  "/teams/default/previews",
  "/teams/default/environments/prod",
  "/teams/default/configuration",
  "/users",
  "/usage",
  "/account",
  "/audit",
  "/clusters",
  "/status",
];

async function run(): Promise<number> {
  if (skipReason !== null) throw new Missing(skipReason);
  buildConsole();
  const ebb = await startEbb({ args: ["--no-containers"] });
  const browser = await launchBrowser();
  try {
    await deploy(ebb.client, "shop", nodeApp());
    const { id } = await deploy(ebb.client, "shop", nodeApp({ before: "console.log('second')" }));
    const baseURL = ebb.urls.platform;
    const context = await browser.newContext({ baseURL });
    const page = await context.newPage();
    await page.goto(`/?code=${(await ebb.client.createSessionCode()).code}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    const storageState = await context.storageState();
    await context.close();
    const load = (path: string) => coldLoad(browser, path, { baseURL, storageState });
    await load("/");
    console.log(
      `  ${"page".padEnd(36)} usable  painted  cpu  script  first asked  files   KB  asked  in a row   (ms, middle of ${ROUNDS})`,
    );
    let slowest = 0;
    for (const path of pagesOf(id)) {
      const loads: ColdLoad[] = [];
      for (let round = 0; round < ROUNDS; round++) loads.push(await load(path));
      const middle = (name: keyof ColdLoad) => loads.map((one) => one[name]).toSorted((a, b) => a - b)[Math.floor(loads.length / 2)] ?? 0;
      slowest = Math.max(slowest, middle("usable"));
      const cells = [
        ["usable", 7],
        ["painted", 8],
        ["cpu", 5],
        ["script", 7],
        ["firstAsked", 12],
        ["files", 6],
      ] as const;
      console.log(
        `  ${path.replace(id, "ID").padEnd(36)}${cells.map(([name, width]) => middle(name).toFixed(0).padStart(width)).join(" ")} ` +
          `${(middle("bytes") / 1024).toFixed(0).padStart(4)} ${String(middle("asked")).padStart(6)} ${String(middle("inARow")).padStart(9)}`,
      );
    }
    return GOAL / slowest;
  } finally {
    await browser.close();
    await ebb.dispose();
  }
}

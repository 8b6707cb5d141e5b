import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import axe from "axe-core";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";

const CONSOLE = join(import.meta.dirname, "../../../apps/console");
/** First the one without a window of its own: the same engine for half of the processor's time. */
const CANDIDATES = [
  process.env["EBB_CHROMIUM"],
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** Where Chromium is; undefined when there is none, and then these tests say so and are skipped. */
export const chromiumPath = CANDIDATES.find((path) => path !== undefined && path !== "" && existsSync(path));
export const skipReason = chromiumPath === undefined ? "no Chromium: apt-get install chromium-headless-shell, or set EBB_CHROMIUM" : null;
if (skipReason !== null) console.warn(`Browser tests are skipped: ${skipReason}`);

/** Milliseconds to wait for another's build, which takes half a minute where every core is busy. */
const BUILD_TIMEOUT = 150_000;

/**
 * Builds the console unless what is built is newer than its sources. One process at a time: test files that run side by side find the same build
 * stale, and the second would empty the folder that the first is driving a browser from.
 */
export function buildConsole(): string {
  // A transaction on an empty database is a lock that every system has, and that ends with the process that holds it.
  const lock = new DatabaseSync(join(CONSOLE, "../../node_modules/.console-build-lock"), { timeout: BUILD_TIMEOUT });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    buildIfStale();
  } finally {
    lock.close();
  }
  return join(CONSOLE, "dist");
}

function buildIfStale(): void {
  const built = join(CONSOLE, "dist/index.html");
  const sources = readdirSync(join(CONSOLE, "src"), { recursive: true, encoding: "utf8" }).map(
    (name) => statSync(join(CONSOLE, "src", name)).mtimeMs,
  );
  if (!existsSync(built) || statSync(built).mtimeMs < Math.max(...sources))
    execFileSync("npm", ["run", "build", "--silent"], {
      cwd: CONSOLE,
      stdio: "inherit",
      // Not the test runner's: what is driven here is what is shipped.
      env: { ...process.env, NODE_ENV: "production" },
    });
}

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args: ["--no-sandbox", "--disable-quic", "--disable-background-networking"],
  });
}

export interface Visit {
  page: Page;
  /** Goes to an address of the console and waits for its page to be there. */
  open: (path: string) => Promise<void>;
  /** What the page has complained about so far: console errors, uncaught exceptions, requests to anywhere but the platform. */
  complaints: string[];
  close: () => Promise<void>;
}

/** What a window has unless it is said otherwise. */
export const DESK = { width: 1280, height: 860 };

export interface VisitOptions extends BrowserContextOptions {
  baseURL: string;
  /** Console errors that the test provokes, as Chromium logs every refused request. */
  expected?: RegExp;
}

/** A browser profile with nothing in it. */
export async function newProfile(browser: Browser, options: BrowserContextOptions): Promise<BrowserContext> {
  return browser.newContext({ locale: "en-US", viewport: DESK, ...options });
}

/** A fresh browser profile with one page. */
export async function visit(browser: Browser, { expected, ...options }: VisitOptions): Promise<Visit> {
  const context = await newProfile(browser, options);
  return {
    ...(await visitIn(context, { baseURL: options.baseURL, ...(expected === undefined ? {} : { expected }) })),
    close: () => context.close(),
  };
}

/** One more page of a profile: what the ones before it have loaded is in its cache. */
export async function visitIn(context: BrowserContext, { baseURL, expected }: Pick<VisitOptions, "baseURL" | "expected">): Promise<Visit> {
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  let networkChanges = 0;
  const complain = (text: string) => {
    // Containers that other tests start and stop add and remove network interfaces, at which Chromium drops every request under way.
    if (text.includes("ERR_NETWORK_CHANGED")) networkChanges++;
    else if (expected?.test(text) !== true) complaints.push(text);
  };
  const open = async (path: string): Promise<void> => {
    for (;;) {
      const before = networkChanges;
      try {
        await page.goto(path);
        await page
          .getByRole("heading", { level: 1 })
          .or(page.getByRole("status", { name: "Loading" }))
          .first()
          .waitFor();
        return;
      } catch (error) {
        if (networkChanges === before) throw error;
      }
    }
  };
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complain(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complain(`uncaught: ${error.message}`));
  const home = new URL(baseURL).origin;
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol.startsWith("http") && url.origin !== home) complain(`asked ${url.origin}: the console must work offline`);
  });
  return { page, open, complaints, close: () => page.close() };
}

/** Goes to an address of the console as a link does, without loading the console again. The new page is there when it has a title. */
export async function follow(page: Page, path: string): Promise<void> {
  await page.evaluate(
    `document.title = ""; history.pushState(null, "", ${JSON.stringify(path)}); dispatchEvent(new PopStateEvent("popstate"))`,
  );
  // The first is the page's; behind it stands that of the file that all pages begin with.
  await page.locator("head > title:first-of-type:not(:empty)").waitFor({ state: "attached" });
}

interface Violation {
  id: string;
  impact: string;
  nodes: { target: string[]; failureSummary: string }[];
}

/** Changes of colours and places that have begun, also those of what is about to be painted. */
const TRANSITIONS = `new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))).then(() =>
  Promise.allSettled(document.getAnimations().filter((each) => each instanceof CSSTransition).map(({ finished }) => finished))).then(() => {})`;

/** Serious and critical findings of axe-core on the page when it has come to rest, one line each. */
export async function accessibilityFindings(page: Page): Promise<string[]> {
  await page.evaluate(TRANSITIONS);
  // Evaluated by the browser itself, as the page's policy allows no script but the console's.
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(axe.source);
  const violations = await page.evaluate<Violation[]>(
    "axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations)",
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")}: ${node.failureSummary.replaceAll("\n", " ")}`));
}

/** Whether the page is wider than its window, which on a phone means scrolling sideways to read. */
export async function overflows(page: Page): Promise<boolean> {
  return page.evaluate<boolean>("document.documentElement.scrollWidth > document.documentElement.clientWidth");
}

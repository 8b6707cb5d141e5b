import { describe, expect, test } from "vitest";
import { accessibilityFindings, skipReason } from "./src/browser.ts";
import { apps, diff, logRecords } from "./src/staged-data.ts";
import { metrics } from "./src/staged-metrics.ts";
import { me } from "./src/staged-people.ts";
import { PHONE, problem, stagedVisits } from "./src/staged-visits.ts";

/** As long as somebody who measures says. */
const FLOOD_SECONDS = Number(process.env["FLOOD_SECONDS"] ?? 0);

const { platform, stage, go } = stagedVisits();

describe.skipIf(skipReason !== null)("an app's numbers", () => {
  const METRICS = "GET /apps/hello-node/environments/test/metrics";

  test("are drawn, say why there were so many instances, and go further back by an address", async () => {
    const { page, complaints } = await go("/apps/hello-node/test");
    await page.getByRole("img", { name: /^Requests per second, 1 hour: Requests [\d,]+/ }).waitFor();
    const instances = page.getByRole("img", { name: /^Instances: / });
    await page.getByText("v11: 2 wanted").waitFor();
    await instances.locator(".u-over").hover({ position: { x: 5, y: 20 } });
    await page.getByText("Nothing was decided until then.").waitFor();
    await page.getByRole("radio", { name: "1 hour" }).press("ArrowRight");
    await page.waitForURL("**/apps/hello-node/test?range=24h");
    await page.getByRole("img", { name: /^Time to answer, 24 hours/ }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("have the autoscaler's journal on a chart: a click, or a button, tells what each strategy asked for, at an address", async () => {
    const { page } = await go("/apps/hello-node/test/scaling");
    await page.getByText("Click on a moment").waitFor();
    await page.locator(".u-over").click({ position: { x: 8, y: 40 } });
    await page.waitForURL(/scaling\?at=/);
    await page.getByText("Something-new").or(page.getByText("something-new")).first().waitFor();
    await page.getByRole("button", { name: "Why: v11 1 → 3" }).click();
    await page.getByRole("region", { name: "What each strategy asked for: v11" }).getByText("decided", { exact: true }).waitFor();
    await page.getByText("2 from 08:00 to 18:00").waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.reload();
    await page.getByText("2 from 08:00 to 18:00").waitFor();
  });

  test("say so when nothing happened, when the cluster counts nothing, and when they cannot be had", async () => {
    const body = metrics();
    const empty = { ...body.total.summary, requests: 0, errors: 0, p50Ms: null, p95Ms: null, p99Ms: null };
    stage(METRICS, { status: 200, body: { ...body, total: { summary: empty, points: [] } } });
    const { page, open } = await go("/apps/hello-node/test");
    await page.getByText("Nothing happened in this time").waitFor();
    stage(METRICS, { status: 200, body: { ...body, recorded: false } });
    await open("/apps/hello-node/test");
    await page.getByText("This cluster does not count for Ebb").waitFor();
    stage(METRICS, problem(500, "internal_error", "The numbers are lost"));
    await open("/apps/hello-node/test");
    await page.getByText("The numbers are lost").waitFor();
    await page.getByText("hello-node-00011-k3fz9").waitFor();
  });
});

describe.skipIf(skipReason !== null)("the search over everything", () => {
  test("opens by keyboard, says what is chosen, goes there, and closes where one was", async () => {
    const { page } = await go("/");
    await page.getByRole("link", { name: "hello-node", exact: true }).waitFor();
    await page.keyboard.press("Control+k");
    const field = page.getByRole("combobox", { name: /^Search apps/ });
    await field.fill("hello-node pro");
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.keyboard.press("ArrowDown");
    await page.getByRole("option", { name: "hello-node prod v3 Version", selected: true }).waitFor();
    expect(await field.getAttribute("aria-activedescendant")).toBe(await page.getByRole("option", { selected: true }).getAttribute("id"));
    await field.fill("promote hello-node test");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Promote hello-node" }).waitFor();
    await page.getByRole("button", { name: "Search" }).click();
    await field.fill("nowhere to be found");
    await page.getByText("Nothing matches.").waitFor();
    for (const [typed, what] of [
      ["hopper", /^grace Grace Hopper/],
      ["old.example", /^old\.example\.com/],
      ["op-failed", /op-failed/],
    ] as const) {
      await field.fill(typed);
      await page.getByRole("option", { name: what }).waitFor();
    }
    await page.keyboard.press("Escape");
    await field.waitFor({ state: "detached" });
    expect(page.url()).toBe(`${platform().url}/apps/hello-node/test/promote`);
  });
});

describe.skipIf(skipReason !== null)("what opens over a page", () => {
  const PLACE = "/apps/hello-node/test";

  test.each([
    ["a question", PLACE, { button: "Roll back" }, { role: "alertdialog", name: "Send all requests to the version that served before?" }],
    ["a question of danger", "/account", { button: "Revoke: laptop" }, { role: "alertdialog", name: "Revoke laptop?" }],
    ["the other apps", PLACE, { button: "Another app" }, { role: "group", name: "Another app" }],
    ["the versions", PLACE, { button: /^Version: / }, { role: "group", name: "Version" }],
    ["the list of keys", "/", { key: "?" }, { role: "dialog", name: "Keyboard shortcuts" }],
  ] as const)(
    "%s takes the keyboard, has no serious finding, closes on Escape, and gives the focus back",
    async (_name, path, by, over) => {
      const { page, complaints } = await go(path);
      await page.locator(".ant-skeleton").first().waitFor({ state: "detached" });
      const opener =
        "key" in by ? page.getByRole("link", { name: "Operations", exact: true }) : page.getByRole("button", { name: by.button });
      await opener.first().focus();
      await page.keyboard.press("key" in by ? by.key : "Enter");
      const opened = page.getByRole(over.role, { name: over.name });
      await opened.waitFor();
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await page.locator(`html[data-shade=${colorScheme}]`).waitFor();
        expect(await accessibilityFindings(page), colorScheme).toEqual([]);
      }
      await page.keyboard.press("Tab");
      expect(await opened.evaluate((element) => element.contains(element.ownerDocument.activeElement))).toBe(true);
      await page.keyboard.press("Escape");
      await opened.waitFor({ state: "hidden" });
      expect(await opener.first().evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
      expect(complaints).toEqual([]);
    },
  );

  test("the other apps are searched, and one leads to the same environment; a version to its page", async () => {
    const { page } = await go(`${PLACE}/logs`);
    await page.getByRole("button", { name: /^Version: / }).click();
    await page.getByRole("group", { name: "Version" }).getByRole("link", { name: /v11/ }).click();
    await page.waitForURL(`**${PLACE}/versions/v11`);
    await page.getByRole("button", { name: "Version: v11" }).waitFor();
    await page.getByRole("button", { name: "Another app" }).click();
    await page.keyboard.type("python");
    await page
      .getByRole("group", { name: "Another app" })
      .getByRole("link", { name: /hello-python/ })
      .click();
    await page.waitForURL("**/apps/hello-python/test");
  });

  test("keys lead elsewhere, but not while one types, nor when they are switched off", async () => {
    const { page } = await go("/");
    const search = page.getByRole("searchbox");
    await search.fill("");
    await search.press("g");
    await search.press("t");
    expect(await search.inputValue()).toBe("gt");
    await page.getByRole("heading", { level: 1 }).click();
    await page.keyboard.press("g");
    await page.keyboard.press("t");
    await page.waitForURL("**/teams");
    await page.keyboard.press("?");
    await page.getByRole("checkbox", { name: /^Use keys without/ }).uncheck();
    await page.keyboard.press("Escape");
    await page.keyboard.press("g");
    await page.keyboard.press("o");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: /^Search apps/ }).waitFor();
    expect(page.url()).toMatch(/\/teams$/);
  });
});

describe.skipIf(skipReason !== null)("language and appearance", () => {
  test("follow the browser, can be switched, and are remembered", async () => {
    const { page } = await go("/", { locale: "zh-TW", colorScheme: "dark" });
    await page.getByRole("heading", { name: "应用" }).waitFor();
    expect(await page.evaluate("document.documentElement.dataset.shade")).toBe("dark");
    await page.getByRole("button", { name: "English" }).click();
    await page.getByRole("button", { name: /Appearance: Like the system/ }).click();
    await page.reload();
    await page.getByRole("heading", { name: "Apps" }).waitFor();
    expect(await page.evaluate("document.documentElement.lang")).toBe("en");
    expect(await page.evaluate("document.documentElement.dataset.shade")).toBe("light");
  });
});

describe.skipIf(skipReason !== null)("when there is", () => {
  test("nothing yet: says how to deploy the first app", async () => {
    stage("GET /apps", { status: 200, body: { items: [] } });
    const { page } = await go("/");
    await page.getByRole("heading", { name: "Nothing is deployed yet" }).waitFor();
    await page.getByText("ebb deploy", { exact: true }).waitFor();
  });

  test("no answer yet: shows that it is loading", async () => {
    stage("GET /apps", "hang");
    const { page } = await go("/");
    await page.getByRole("status", { name: "Loading" }).waitFor();
  });

  test("a failure: says what and what to do, and trying again mends it", async () => {
    // Without events nothing is read again unless somebody asks for it.
    stage("GET /events", "hang");
    stage("GET /apps", problem(500, "internal_error", "The database is full", "Free some space."));
    const { page } = await go("/");
    await page.getByText("The database is full").waitFor();
    await page.getByText("What to do: Free some space.").waitFor();
    platform().stage("GET /apps", undefined);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("link", { name: "hello-node", exact: true }).waitFor();
  });

  test("no permission: says so instead of failing", async () => {
    stage("GET /teams/default/members", problem(403, "forbidden", "You may not read who is in it", "Ask Ada."));
    const { page } = await go("/teams/default");
    await page.getByText("You may not see this").waitFor();
    await page.getByText("Ask Ada.").waitFor();
    // The rest of the page works.
    await page.getByRole("link", { name: "staging", exact: true }).waitFor();
  });

  test("a viewer: sees everything, is offered nothing that would be refused, and is told whose it is", async () => {
    stage("GET /me", { status: 200, body: { ...me, platformAdmin: false, teams: [{ team: "default", role: "viewer" }] } });
    const { page, open, complaints } = await go("/deploy");
    await page.getByText("You are a viewer in your teams").waitFor();
    for (const [path, role, shown] of [
      ["", null, "Where requests go"],
      ["/traffic", "developer", "Rules, first"],
      ["/releases", "developer", "Releases until now"],
      ["/versions", null, "v12"],
      ["/promote?to=prod", "releaser", "What differs from prod v3 to test v11"],
      ["/guard", "developer", "In force"],
      ["/scaling-policy", "developer", "While nobody asks"],
    ] as const) {
      await open(`/apps/hello-node/test${path}`);
      await page.getByText(shown).first().waitFor();
      if (role !== null) await page.getByText(`Only a ${role} or above changes this here.`).first().waitFor();
      const acts = page.getByRole("button", {
        name: /^(Apply|Release v|Roll back|Send all|Promote v|Abort|Go on|Add a rule|Add a strategy|Copy to)/,
      });
      await expect.poll(() => acts.count(), { message: path }).toBe(0);
      expect(await page.getByRole("slider").count(), path).toBe(0);
      expect(await accessibilityFindings(page), path).toEqual([]);
    }
    expect(complaints).toEqual([]);
  });

  test("no session: says how to get one, and shows nothing else", async () => {
    stage("GET /apps", problem(401, "unauthenticated", "Not signed in"));
    const { page } = await go("/");
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.getByText("ebb open console").waitFor();
    await page.getByRole("link", { name: "Sign in with Example Inc" }).waitFor();
    await page.getByRole("textbox", { name: "Password" }).waitFor();
    expect(await page.getByRole("navigation").count()).toBe(0);
    expect(await accessibilityFindings(page)).toEqual([]);
  });

  test("a used link: says so, and the code is gone from the address", async () => {
    stage("POST /session", problem(401, "invalid_code", "used already"));
    stage("GET /apps", problem(401, "unauthenticated", "Not signed in"));
    const { page } = await go("/?code=once");
    await page.getByText("This link was used before").waitFor();
    expect(page.url()).toBe(`${platform().url}/`);
  });

  test("no platform any more: says so, and comes back by itself", async () => {
    stage("GET /apps", "drop");
    const { page } = await go("/");
    await page.getByText("The platform does not answer").first().waitFor();
    platform().stage("GET /apps", undefined);
    await page.getByRole("link", { name: "hello-node", exact: true }).waitFor();
    await page.getByText("The platform does not answer").waitFor({ state: "detached" });
  });

  test("no environment in the address: goes to the app's first one, and the others are a click away", async () => {
    const { page } = await go("/apps/hello-node");
    await page.getByRole("heading", { name: "hello-node", level: 1 }).waitFor();
    expect(page.url()).toBe(`${platform().url}/apps/hello-node/test`);
    stage("GET /apps/hello-node/environments/prod", { status: 200, body: apps[0]?.environments[1] });
    await page.getByRole("group", { name: "Environment" }).getByRole("link", { name: "prod" }).click();
    await page.getByText("v3 100 %").first().waitFor();
    expect(page.url()).toBe(`${platform().url}/apps/hello-node/prod`);
  });

  test("no such app in this environment: says where it is, and how it comes here", async () => {
    stage("GET /apps/hello-node/environments/staging", problem(404, "app_not_in_environment", "hello-node is not in staging"));
    const { page } = await go("/apps/hello-node/staging");
    await page.getByRole("heading", { name: "hello-node is not in staging" }).waitFor();
    await page.getByRole("link", { name: "Promote it from test" }).click();
    await page.waitForURL("**/apps/hello-node/test/promote?to=staging");
  });

  test("an app that failed: says why at once, in Chinese with the cluster's own words in it", async () => {
    const at = "/apps/hello-node/environments/test";
    stage(`GET ${at}`, { status: 200, body: { ...apps[0]?.environments[0], state: "failed", instances: 0, revision: "3" } });
    stage(`GET ${at}/instances`, { status: 200, body: { items: [] } });
    const { page } = await go("/apps/hello-node/test", { locale: "zh-CN" });
    const why = page.getByRole("list", { name: "失败原因" });
    await why.getByText("启动后反复退出，稍后会再次尝试：CrashLoopBackOff: it exited with code 1").waitFor();
    await page.getByText("没有一个能够就绪").waitFor();
  });

  test("no such app: says so, with a way back", async () => {
    const { page } = await go("/apps/none");
    await page.getByRole("heading", { name: "There is nothing at this address" }).waitFor();
    await page.getByRole("link", { name: "Back to the apps" }).click();
    await page.getByRole("heading", { name: "Apps" }).waitFor();
  });
});

describe.skipIf(skipReason !== null)("the list of apps", () => {
  test("changes by itself when the platform says that something changed", async () => {
    const { page } = await go("/");
    await page.getByRole("row", { name: /importer.*Deploying/ }).waitFor();
    stage("GET /apps", {
      status: 200,
      body: { items: apps.map((app) => ({ ...app, environments: app.environments.map((place) => ({ ...place, state: "ready" })) })) },
    });
    platform().change({ type: "app", app: "importer" });
    await page.getByRole("row", { name: /importer.*Ready/ }).waitFor();
  });

  test("has thousands of them, few in the document, wherever one scrolls", async () => {
    const [first] = apps;
    if (first === undefined) throw new Error("no app is staged");
    const many = Array.from({ length: 3_000 }, (_, index) => ({ ...first, name: `app-${String(index).padStart(4, "0")}` }));
    stage("GET /apps", { status: 200, body: { items: many } });
    const { page } = await go("/");
    await page.getByRole("link", { name: "app-0000", exact: true }).waitFor();
    const last = page.getByRole("link", { name: "app-2999", exact: true });
    // Rows have their heights once they were in view: the end may move.
    await expect.poll(async () => (await page.keyboard.press("End")) ?? (await last.count()), { timeout: 30_000 }).toBe(1);
    expect(await page.getByRole("row").count()).toBeLessThan(60);
    await page.setViewportSize(PHONE);
    await page
      .getByRole("link", { name: /^app-\d+$/ })
      .first()
      .waitFor();
    expect(await page.locator(".cards > li").count()).toBeLessThan(60);
  });

  test("is searched, with the search in the address", async () => {
    const { page } = await go("/?q=python");
    await page.getByText("1 of 6").waitFor();
    await page.getByRole("searchbox").fill("xyz");
    await page.getByText("No app matches “xyz”").waitFor();
    expect(page.url()).toContain("q=xyz");
    await page.getByRole("button", { name: "Clear the search" }).click();
    await page.getByText("6 in all").waitFor();
  });

  test("of several teams is narrowed to one, with the team in the address", async () => {
    stage("GET /apps", { status: 200, body: { items: apps.map((app, index) => (index < 2 ? { ...app, team: "payments" } : app)) } });
    const { page } = await go("/");
    await page.getByRole("combobox", { name: "Team" }).click();
    await page.getByTitle("payments", { exact: true }).last().click();
    await page.waitForURL("**/?team=payments");
    await page.getByText("2 of 6").waitFor();
    await page.getByRole("searchbox").fill("no such");
    await page.getByText("No app matches “no such”").waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.getByRole("button", { name: "Clear the search" }).click();
    await page.getByText("6 in all").waitFor();
  });
});

describe.skipIf(skipReason !== null)("a version", () => {
  test("is compared with what serves in another environment, by an address", async () => {
    stage("GET /apps/hello-node/environments/test/versions/v3/diff/v12", { status: 200, body: diff });
    const { page } = await go("/apps/hello-node/test/versions/v12");
    const asked = page.waitForRequest((request) => request.url().includes("/versions/v3/diff/v12"));
    await page.getByRole("combobox", { name: "Against" }).click();
    await page.getByTitle("prod v3", { exact: true }).last().click();
    expect(new URL((await asked).url()).searchParams.get("fromEnvironment")).toBe("prod");
    await page.getByRole("columnheader", { name: "prod v3" }).waitFor();
    expect(new URL(page.url()).searchParams.get("against")).toBe("prod/v3");
  });
});

describe.skipIf(skipReason !== null)("the list of operations", () => {
  test("is narrowed to a state, an app and a person, with all three in the address, and says when none fits", async () => {
    const { page } = await go("/operations");
    const asked = page.waitForRequest((request) => /[?&]state=failed/.test(request.url()));
    await page.getByRole("combobox", { name: "State" }).click();
    await page.getByTitle("Failed", { exact: true }).last().click();
    await asked;
    await page.waitForURL("**/operations?state=failed");
    stage("GET /operations", { status: 200, body: { items: [], next: null } });
    await page.getByRole("textbox", { name: "App" }).fill("hello-node");
    await page.getByRole("textbox", { name: "Asked for by" }).fill("ada");
    const both = page.waitForRequest((request) => request.url().includes("app=hello-node") && request.url().includes("by=ada"));
    await page.getByRole("button", { name: "Filter" }).click();
    expect((await both).url()).toContain("state=failed");
    await page.getByText("No operation fits this filter.").waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.getByRole("button", { name: "Show all" }).click();
    await page.waitForURL("**/operations");
  });
});

describe.skipIf(skipReason !== null)("a hundred thousand log lines", () => {
  test("are in the list, few in the document, at the newest one, and wait while one has scrolled up to read", async () => {
    stage("GET /apps/hello-node/environments/test/logs", { lines: logRecords(100_000) });
    const { page, complaints } = await go("/apps/hello-node/test/logs");
    await page.getByText("50,000 lines · 50,000 earlier lines are no longer kept here").waitFor();
    await page.getByText("line 99999 ").waitFor();
    expect(await page.locator(".line").count()).toBeLessThan(120);
    await page.getByRole("log").hover();
    await page.mouse.wheel(0, -100_000);
    await page.getByText(/^paused ·/).waitFor();
    await page.getByRole("button", { name: "To the newest line" }).click();
    await page.getByText(/^live ·/).waitFor();
    await page.getByText("line 99999 ").waitFor();
    await page.getByRole("textbox", { name: "Find in these lines" }).fill("line 93210 ");
    await page.getByText(/· 1 line ·/).waitFor();
    expect(complaints).toEqual([]);
  });

  test("of which one was found are shown around it; what was searched for is in the address", async () => {
    stage("GET /apps/hello-node/environments/test/logs", { lines: logRecords(3_000) });
    const { page, complaints } = await go("/apps/hello-node/test/logs?q=line");
    // All have come before one is looked at: what comes later waits.
    await page.getByText(/^live · 3,000 lines$/).waitFor();
    await page.getByRole("textbox", { name: "Find in these lines" }).fill("line 1500 ");
    await page.waitForURL("**/logs?q=line+1500+");
    await page.getByRole("button", { name: /^Show what is around the line of / }).click();
    await page.getByText("line 1499 ").waitFor();
    await page.locator(".line.marked", { hasText: "line 1500 " }).waitFor();
    await page.getByText(/^paused · 3,000 lines/).waitFor();
    await page.waitForURL((url) => url.search === "");
    expect(await accessibilityFindings(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("that come as fast as an app can write are all counted: shown, held back, or no longer kept; and can be searched meanwhile", async () => {
    const [perTick, tick] = [250, 50];
    let [all, over] = [0, false];
    async function* flood() {
      while (!over) {
        yield logRecords(perTick, all);
        all += perTick;
        await new Promise((resolve) => setTimeout(resolve, tick));
      }
    }
    stage("GET /apps/hello-node/environments/test/logs", { lines: flood() });
    const { page, complaints } = await go("/apps/hello-node/test/logs");
    await page.evaluate(
      `window.longTasks = []; new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(({ duration }) => Math.round(duration)))).observe({ type: "longtask" })`,
    );
    await page.getByRole("textbox", { name: "Find in these lines" }).fill("3 ms");
    await page.getByText(/^live · [1-9]/).waitFor();
    await page.getByRole("textbox", { name: "Find in these lines" }).fill("");
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: /Go on \([\d,]+ new\)/ }).waitFor();
    expect(await page.locator(".line").count()).toBeLessThan(120);
    await page.getByRole("button", { name: /Go on/ }).click();
    await page.getByText(/^live · [1-9]/).waitFor();
    await new Promise((resolve) => setTimeout(resolve, FLOOD_SECONDS * 1000));
    over = true;
    await new Promise((resolve) => setTimeout(resolve, 2 * tick));
    await page.getByText(`line ${all - 1} `).waitFor({ timeout: 120_000 });
    const foot = (await page.locator(".log-foot").innerText()).replaceAll(",", "");
    const [shown = 0, dropped = 0] = (foot.match(/\d+/g) ?? []).map(Number);
    expect(shown + dropped).toBe(all);
    const long = await page.evaluate<number[]>("window.longTasks");
    console.log(
      `${all} log lines at ${(1000 / tick) * perTick} a second: ${long.length} tasks over 50 ms, the longest ${Math.max(0, ...long)} ms`,
    );
    expect(complaints).toEqual([]);
  });
});

import { createHmac } from "node:crypto";
import { archive, deploy, type EbbServer, eventually, finished, inTest, nodeApp, startEbb, startGitServer } from "@ebb/testkit";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accessibilityFindings, buildConsole, launchBrowser, skipReason, visit, type Visit } from "./src/browser.ts";

/** What `npm run build -w @ebb/console` allows, measured here as the browser sees it: compressed, over the wire. */
const INITIAL_SCRIPT_BUDGET = 300 * 1024;
const HANDLER = `console.log("answered " + request.url);`;

/** One sitting of one person, against a whole Ebb: each test goes on where the one before it ended. */
describe.skipIf(skipReason !== null)("with a whole platform behind it, the console", () => {
  let ebb: EbbServer;
  let browser: Browser;
  let visited: Visit;

  beforeAll(async () => {
    buildConsole();
    ebb = await startEbb({ args: ["--no-containers", "--progress-deadline", "12"] });
    for (const version of ["one", "two"]) {
      const done = await deploy(ebb.client, "shop", nodeApp({ before: `// ${version}`, handler: HANDLER }));
      expect(done.failure).toBeNull();
    }
    browser = await launchBrowser();
    visited = await visit(browser, { baseURL: ebb.urls.platform });
  });
  afterAll(async () => {
    await browser?.close();
    await ebb?.dispose();
  });

  test("opens with the one-time link, which leaves the address and works once", async () => {
    const { page } = visited;
    await page.goto(ebb.urls.console);
    await page.getByRole("row", { name: /shop.*v2 100 %/ }).waitFor();
    expect(page.url()).toBe(`${ebb.urls.platform}/`);
    const second = await visit(browser, { baseURL: ebb.urls.platform, expected: /401|403/ });
    await second.page.goto(ebb.urls.console);
    await second.page.getByText("This link was used before").waitFor();
    await second.close();
  });

  test("loads little: the first page's scripts stay within the budget", async () => {
    const fresh = await visit(browser, { baseURL: ebb.urls.platform, storageState: await visited.page.context().storageState() });
    await fresh.open("/");
    await fresh.page.getByRole("row", { name: /shop/ }).waitFor();
    const bytes = await fresh.page.evaluate<number>(
      `performance.getEntriesByType("resource").filter((entry) => entry.name.endsWith(".js")).reduce((sum, entry) => sum + entry.encodedBodySize, 0)`,
    );
    console.log(`the first page with its table: ${Math.round(bytes / 1024)} KB of script over the wire`);
    expect(bytes).toBeGreaterThan(50 * 1024);
    expect(bytes).toBeLessThan(INITIAL_SCRIPT_BUDGET);
    await fresh.close();
  });

  test("shows the app: where requests go, its instances, what happened", async () => {
    const { page } = visited;
    await ebb.get("shop");
    await page.getByRole("link", { name: "shop", exact: true }).click();
    await page.getByRole("heading", { name: "Where requests go" }).waitFor();
    await page.getByRole("img", { name: "v2 100 %" }).waitFor();
    await page.getByText("Running").first().waitFor();
    const happened = page.getByRole("list").filter({ has: page.getByRole("link", { name: "Deploy", exact: true }) });
    await happened.getByText("v1", { exact: true }).waitFor();
    expect(await happened.getByText("Succeeded").count()).toBe(2);
    expect(await accessibilityFindings(page)).toEqual([]);
  });

  test("tells why there are as many instances", async () => {
    const { page } = visited;
    await page.getByRole("link", { name: "Scaling", exact: true }).click();
    // It may be asleep again by now.
    await page.getByRole("img", { name: /v2: [01] instance/ }).waitFor();
    await page.getByRole("row", { name: /v2.*0 → 1.*First start/ }).waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
  });

  test("sets how it is scaled, sees it in force, and asks what another policy would have done", async () => {
    const { page, complaints } = visited;
    const shop = inTest("shop");
    // Trying again begins as the first time did.
    await ebb.client.patchScaling(shop, { strategies: null, min: null, max: null, idle: null });
    await visited.open("/apps/shop/test/scaling-policy");
    const form = page.locator("form").filter({ has: page.getByRole("heading", { name: "Change it" }) });
    await page.getByRole("listitem").filter({ hasText: "At least what v2 says itself: 0" }).waitFor();
    await form.getByRole("spinbutton", { name: "At least so many instances" }).fill("2");
    await form.getByRole("spinbutton", { name: "At most so many (0: no limit)" }).fill("1");
    await form.getByText("Less than the instances that there are at least").waitFor();
    expect(await form.getByRole("button", { name: "Apply" }).isDisabled()).toBe(true);
    await form.getByRole("spinbutton", { name: "At most so many (0: no limit)" }).fill("");
    await form.getByText("At least 2 instances").waitFor();
    await ebb.client.patchScaling(shop, { max: 5 });
    const before = complaints.length;
    await form.getByRole("button", { name: "Apply" }).click();
    await form.getByText("Somebody has changed this meanwhile").waitFor();
    // Chromium itself logs what was refused.
    complaints.splice(before, Infinity, ...complaints.slice(before).filter((each) => !each.includes("412")));
    await form.getByText(/^At most: At most what v2 says itself.* → At most 5 instances$/).waitFor();
    expect(await form.getByRole("spinbutton", { name: "At least so many instances" }).inputValue()).toBe("2");
    await form.getByRole("button", { name: "Save mine on top of it" }).click();
    await page.getByText("It is scaled so now.").waitFor();
    await page.getByRole("listitem").filter({ hasText: "At most 5 instances · set here" }).waitFor();
    expect(await ebb.client.getScaling(shop)).toMatchObject({ min: 2, max: 5, strategies: null, idle: null });
    // Nobody asks for a second one but the policy; of the version before one may be there still.
    const serving = async () => (await ebb.client.listInstances(shop)).filter(({ ready, version }) => ready && version === "v2");
    await eventually(async () => (await serving()).length === 2, 30_000);

    await ebb.get("shop");
    const ask = page.locator("form").filter({ has: page.getByRole("button", { name: "Ask" }) });
    await eventually(async () => (await ebb.client.whatIf(shop, { version: "v2" })).requests > 0);
    await ask.getByRole("spinbutton", { name: "At least so many instances" }).fill("0");
    await ask.getByRole("button", { name: "Ask" }).click();
    await page.waitForURL("**/scaling-policy?over=1h&min=0");
    await page.getByText(/% less instance time$/).waitFor();
    await page
      .getByRole("region", { name: "What if?" })
      .getByRole("row", { name: /^Bounds 2 – 5 0 – 5/ })
      .waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.getByRole("button", { name: "Use these settings" }).click();
    await form.getByText("At least no instance: it may sleep").waitFor();
    await form.getByRole("button", { name: "All as the versions say" }).click();
    await form.getByRole("button", { name: "Apply" }).click();
    await page.getByText("It is scaled so now.").waitFor();
    expect(await ebb.client.getScaling(shop)).toMatchObject({ min: null, max: null, strategies: null, idle: null });
  });

  test("shows log lines as they are written, of the chosen version", async () => {
    const { page } = visited;
    await page.getByRole("link", { name: "Logs", exact: true }).click();
    await page.getByText(/live ·/).waitFor();
    await ebb.get("shop", "/while-watching");
    await page.getByRole("log").getByText("answered /while-watching").waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await ebb.get("shop", "/while-paused");
    await page.getByRole("button", { name: /Go on \([\d,]+ new\)/ }).click();
    await page.getByRole("log").getByText("answered /while-paused").waitFor();
  });

  test("opens a shell where the app runs, which the trail keeps, and says how it ended", async () => {
    const { page } = visited;
    await ebb.get("shop");
    await visited.open("/apps/shop/test/terminal");
    await page.getByRole("button", { name: "Open a shell" }).click();
    const screen = page.getByRole("group", { name: /^Terminal in shop-0000/ });
    await page.getByText("Shift + Esc leaves the terminal.").waitFor();
    await screen.getByRole("textbox").pressSequentially("echo $K_SERVICE has $((6 * 7))\n");
    await screen.getByText("shop has 42").first().waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.keyboard.press("Shift+Escape");
    await expect.poll(() => page.evaluate("document.activeElement.textContent")).toBe("Close it");
    await screen.getByRole("textbox").pressSequentially("exit 3\n");
    await page.getByText("The shell has ended with exit code 3.").waitFor();
    const { items } = await ebb.client.audit({ action: "command.run" });
    expect(items[0]).toMatchObject({ object: "app/shop", after: { environment: "test", program: "sh" } });
  });

  test("sends everything back to the version before, from the list of versions", async () => {
    const { page } = visited;
    // Trying again begins as the first time did.
    const { id } = await ebb.client.setTraffic(inTest("shop"), { targets: [{ version: "v2", percent: 100 }] });
    await finished(ebb.client, id);
    // A page that was open could still have what was before that change, and would be told so.
    await visited.open("/apps/shop/test/versions");
    await page.getByRole("button", { name: "Roll back to v1" }).click();
    await page
      .getByRole("alertdialog")
      .getByText(/v2: 100 % → 0 %/)
      .waitFor();
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByRole("row", { name: /v1.*100 %/ }).waitFor();
    await eventually(async () => (await ebb.client.getAppEnvironment(inTest("shop"))).traffic.every((target) => target.version === "v1"));
  });

  test("pins a version, and copies requests to it beside the one that answers", async () => {
    const { page } = visited;
    // Trying again begins as the first time did.
    await ebb.client.patchVersion(inTest("shop"), "v1", { pinned: false });
    await visited.open("/apps/shop/test/versions/v1");
    await page.getByRole("button", { name: "Pin it" }).click();
    await page.getByText(/^Pinned by /).waitFor();
    expect((await ebb.client.getVersion(inTest("shop"), "v1")).pinned).not.toBeNull();
    await visited.open("/apps/shop/test/releases");
    await page.getByRole("spinbutton", { name: "Of the requests" }).fill("100");
    await page.getByRole("button", { name: "Copy to v2" }).click();
    await page.getByText("are copied to").waitFor();
    for (let i = 0; i < 5; i++) expect((await ebb.get("shop")).status).toBe(200);
    await page.getByRole("region", { name: "v2 against v1" }).waitFor({ timeout: 30_000 });
    await page.getByRole("button", { name: "No more copies" }).click();
    await page.getByRole("button", { name: "Copy to v2" }).waitFor();
  });

  test("changes settings of a layer and of the app, seeing first what that does, and never shows a secret", async ({ task }) => {
    const { page } = visited;
    // What this makes sleeps soon when it serves nobody: a test further down wakes it.
    await ebb.client.patchEnvironment("default", "test", { scaling: { idleSeconds: 6 } });
    // Trying again begins with names that are not there yet.
    const tries = task.result?.retryCount ?? 0;
    const [region, greeting, token] = ["REGION", "GREETING", "TOKEN"].map((name) => `${name}_${tries}`) as [string, string, string];
    await visited.open("/teams/default/configuration");
    await page.getByRole("button", { name: "Add a variable" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill(region);
    await page.getByRole("textbox", { name: `Value: ${region}` }).fill("eu");
    await page.getByRole("button", { name: "See what changes" }).click();
    await page.getByText("gets a new version").waitFor();
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText("The layer is changed.").waitFor();
    await page.getByText("Succeeded").waitFor();
    await visited.open("/apps/shop/test/config");
    await page.getByText("from the team").first().waitFor();
    await page.getByRole("button", { name: "Add a variable" }).click();
    await page.getByRole("textbox", { name: "Name", exact: true }).fill(greeting);
    await page.getByRole("textbox", { name: `Value: ${greeting}` }).fill(`hello from \${${region}}`);
    await page.getByRole("button", { name: "Add a secret" }).click();
    await page.getByRole("textbox", { name: "Name of the secret" }).fill(token);
    await page.getByLabel(`Secret value: ${token}`).fill("s3cret");
    await page.getByRole("button", { name: "See what changes" }).click();
    await page.getByText(`secrets.${token}`).waitFor();
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText(/^v\d+: Succeeded/).waitFor();
    await page.getByText("No changes").waitFor();
    await page.getByText("that is hello from eu").first().waitFor();
    expect((await ebb.client.getVariables(inTest("shop"))).variables).toMatchObject({
      [greeting]: `hello from \${${region}}`,
      [region]: "eu",
    });
    await page.reload();
    await page.getByText(token).waitFor();
    expect(await page.content()).not.toContain("s3cret");
  });

  test("guards the app at once, says so in words, and is not written over what somebody else has done meanwhile", async () => {
    const { page, complaints } = visited;
    // Trying again begins as the first time did.
    await ebb.client.patchTrafficPolicy(inTest("shop"), { deny: [], rateLimits: [] });
    await visited.open("/apps/shop/test/guard");
    await page.getByRole("button", { name: "Refuse somebody" }).click();
    await page.getByRole("textbox", { name: /^IP address or block/ }).fill("127.0.0.0/8");
    await page.getByText("403 for 127.0.0.0/8").waitFor();
    await ebb.client.patchTrafficPolicy(inTest("shop"), { rateLimits: [{ requests: 1000, perSeconds: 1, by: "app" }] });
    const before = complaints.length;
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText("Somebody has changed this meanwhile").waitFor();
    // Chromium itself logs the refusal.
    complaints.splice(before, Infinity, ...complaints.slice(before).filter((each) => !each.includes("412")));
    await page
      .getByText(/^0: 429 above 1000 requests|→ 429 above 1000 requests/)
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Save mine on top of it" }).click();
    await page.getByText("The gateway guards it so now.").waitFor();
    expect((await ebb.get("shop")).status).toBe(403);
    expect(await ebb.client.getTrafficPolicy(inTest("shop"))).toMatchObject({
      deny: [{ address: "127.0.0.0/8" }],
      rateLimits: [{ by: "app" }],
    });
    await page.getByRole("button", { name: "Remove: Refused with 403, 1" }).click();
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText("403 for 127.0.0.0/8").first().waitFor({ state: "detached" });
    await eventually(async () => (await ebb.get("shop")).status === 200);
  });

  test("sets when the environment sleeps, shows what comes next, and takes it back", async () => {
    const { page } = visited;
    await ebb.client.patchEnvironment("default", "test", { schedule: null });
    await visited.open("/teams/default/environments/test");
    await page.getByRole("button", { name: "Set a schedule" }).click();
    await page.getByRole("textbox", { name: /^Falls asleep/ }).fill("0 25 * * *");
    await page.getByText("“0 25 * * *” cannot be read:").waitFor();
    await page.getByRole("textbox", { name: /^Falls asleep/ }).fill("0 3 29 2 *");
    await page.getByRole("textbox", { name: /^Wakes/ }).fill("0 4 29 2 *");
    await page
      .getByText(/^falls asleep at \w+, Feb 29/)
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Save the schedule" }).click();
    await eventually(async () => (await ebb.client.getEnvironment("default", "test")).schedule?.sleep[0] === "0 3 29 2 *");
    await page.getByRole("button", { name: "No schedule" }).click();
    await page.getByText("It does not sleep by itself.").waitFor();
    expect((await ebb.client.getEnvironment("default", "test")).schedule).toBeNull();
  });

  test("follows a deploy from an uploaded archive that fails, and shows the cause and the lines that matter", async () => {
    const { page, complaints } = visited;
    const broken = nodeApp({ before: `console.error("no database at db.internal:5432"); process.exit(3);` });
    await visited.open("/deploy");
    await page.locator("input[type=file][accept]").setInputFiles({
      name: "broken.tar.gz",
      mimeType: "application/gzip",
      buffer: Buffer.from(await (await archive(broken)).arrayBuffer()),
    });
    await page.getByRole("combobox", { name: "App name" }).fill("shop");
    await page.getByRole("button", { name: "Deploy", exact: true }).click();
    await page.getByRole("heading", { name: "Deploy: shop · test" }).waitFor();
    await page.getByRole("list", { name: "Phases" }).getByText("Start an instance").waitFor();
    await page.getByText("The last lines that matter").waitFor({ timeout: 60_000 });
    await page.getByText("no database at db.internal:5432").first().waitFor();
    await page.getByRole("list", { name: "Why it failed" }).waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    // What served before still does.
    expect((await ebb.get("shop")).status).toBe(200);
    // Nobody has asked what never served.
    const [failed] = await ebb.client.listVersions(inTest("shop"));
    const before = complaints.length;
    await visited.open(`/apps/shop/test/scaling-policy?over=1h&version=${failed?.name}`);
    await page.getByText("Nothing was recorded in that time.").waitFor();
    complaints.splice(before, Infinity, ...complaints.slice(before).filter((each) => !each.includes("409")));
  });

  test("deploys from a Git repository, and a push brings what comes next", async () => {
    const { page } = visited;
    const git = await startGitServer();
    try {
      const pages = await git.repository("acme/pages");
      await pages.commit("First", { "index.html": "<p>first</p>" });
      await ebb.client.patchGitSettings({ allow: ["127.0.0.1"] });
      // Of a try before this one.
      await ebb.client.deleteRepository("pages").catch(() => undefined);
      await visited.open("/deploy?from=git");
      await page.getByRole("textbox", { name: "Repository" }).fill(`${git.url}/acme/pages.git`);
      await page.getByRole("textbox", { name: "Branch, tag or commit" }).fill("main");
      await page.getByText("pages is a new app: this is its first version, in test.").waitFor();
      await page.getByRole("button", { name: "Deploy", exact: true }).click();
      await page.getByRole("heading", { name: "Deploy: pages · test" }).waitFor();
      await page.getByRole("list", { name: "Phases" }).getByText("Fetch the source").waitFor();
      await page.getByText(/Commit [0-9a-f]{40} of Ann: First/).waitFor();
      await page
        .getByRole("link", { name: /^pages.*sls-/ })
        .first()
        .waitFor({ timeout: 30_000 });
      await visited.open("/apps/pages/test/settings");
      await page.getByRole("textbox", { name: "Owner" }).fill(`team ${git.port}`);
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByRole("textbox", { name: "Repository" }).fill(`${git.url}/acme/pages.git`);
      await page.getByRole("button", { name: "Add a rule" }).click();
      await page.getByRole("textbox", { name: "Branch: rule 1" }).fill("main");
      await page.getByRole("button", { name: "Link the repository" }).click();
      await page.getByRole("button", { name: "Make a new secret" }).click();
      const secret = await page.locator(".ant-alert .command code").innerText();
      expect(await accessibilityFindings(page)).toEqual([]);
      const after = await pages.commit("Second", { "index.html": "<p>second</p>" });
      const body = JSON.stringify({ ref: "refs/heads/main", after, repository: { full_name: "acme/pages" } });
      const signature = createHmac("sha256", secret).update(body).digest("hex");
      const headers = { "content-type": "application/json", "x-github-event": "push", "x-hub-signature-256": `sha256=${signature}` };
      const answer = await fetch(`${ebb.urls.platform}/api/v1/hooks/git/pages`, { method: "POST", headers, body });
      expect(await answer.json()).toMatchObject({ outcome: "deployed" });
      await page.getByText("main goes to test").waitFor();
      await eventually(async () => (await ebb.get("pages")).body.includes("second"), 30_000);
      await visited.open("/apps/pages/test/events?kind=change");
      await page.getByText("linked a repository").waitFor();
      await page.getByRole("radio", { name: "Operations" }).press("Space");
      await page.getByText("by git push").first().waitFor();
      expect(await accessibilityFindings(page)).toEqual([]);
      expect(await ebb.client.getApp("pages")).toMatchObject({ owner: `team ${git.port}` });
      expect((await ebb.client.listVersions(inTest("pages")))[0]).toMatchObject({
        createdBy: "git push",
        source: { ref: "main", message: "Second" },
      });
    } finally {
      await git.close();
    }
  });

  test("stays usable through a restart of the platform", async () => {
    const { page, complaints } = visited;
    await visited.open("/");
    await page.getByRole("row", { name: /shop/ }).waitFor();
    const before = complaints.length;
    process.kill(await ebb.pid("platform"), "SIGKILL");
    await eventually(() => ebb.client.healthy(), 60_000);
    const again = await ebb.client.uploadSource(await archive(nodeApp()), { name: "spare" });
    await finished(ebb.client, again.id);
    await page.getByRole("row", { name: /spare/ }).waitFor();
    // Chromium itself logs each refused connection.
    complaints.splice(before, Infinity, ...complaints.slice(before).filter((each) => !/Failed to load resource|ERR_/.test(each)));
  });

  test("sends a request that wakes it, and shows what it waited for", async () => {
    const { page } = visited;
    await eventually(async () => (await ebb.client.getAppEnvironment(inTest("shop"))).state === "asleep", 30_000);
    await visited.open("/apps/shop/test/try");
    await page.getByRole("textbox", { name: "Path" }).fill("/tried");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("200", { exact: true }).waitFor();
    await page.getByText(/It waited for the start of shop-0000/).waitFor();
  });

  test("deletes an app only after its name is typed", async () => {
    const { page } = visited;
    await visited.open("/apps/shop/test/settings");
    const button = page.getByRole("button", { name: "Delete for good" });
    await page.getByRole("textbox", { name: "Type shop to confirm" }).fill("sho");
    expect(await button.isDisabled()).toBe(true);
    await page.getByRole("textbox", { name: "Type shop to confirm" }).fill("shop");
    await button.click();
    await page.getByText("shop is deleted.").waitFor();
    expect(await ebb.client.listApps()).toMatchObject([{ name: "pages" }, { name: "spare" }]);
  });

  test("shows the platform, signs out, and has not complained once", async () => {
    const { page, complaints } = visited;
    await page.getByRole("link", { name: "Platform" }).click();
    await page.getByRole("heading", { name: "Gateway" }).waitFor();
    expect(complaints).toEqual([]);
    await page.getByRole("button", { name: "Sign this browser out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  });
});

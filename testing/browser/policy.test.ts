import { describe, expect, test } from "vitest";
import { accessibilityFindings, skipReason } from "./src/browser.ts";
import { configuration, plan } from "./src/staged-configuration.ts";
import { me } from "./src/staged-people.ts";
import { scaling } from "./src/staged-policies.ts";
import { problem, stagedVisits } from "./src/staged-visits.ts";

/** Configuration and policies, over staged answers. */
const { platform, stage, go } = stagedVisits();

describe.skipIf(skipReason !== null)("an app's configuration", () => {
  const AT = "/apps/hello-node/environments/test/configuration";
  const CONFIG = "/apps/hello-node/test/config";

  test("says where each value comes from, and is sent as the differences only, after it was seen what they do", async () => {
    const { page } = await go(CONFIG);
    await page.getByText("from the environment · wins over the platform, the team").waitFor();
    await page.getByText("refers to a secret").waitFor();
    await page.getByText("that is Hello from eu").waitFor();
    await page.getByRole("textbox", { name: "Value: LOG_LEVEL" }).fill("warn");
    await page.getByRole("button", { name: "Remove: GREETING" }).click();
    await page.getByRole("button", { name: "No longer hidden here: TRACING" }).click();
    await page.getByRole("button", { name: "Add a variable" }).click();
    await page.getByRole("textbox", { name: "Name" }).focus();
    await page.evaluate(
      `(() => { const data = new DataTransfer(); data.setData("text", "A=1\\nB=two words");
        document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })); })()`,
    );
    await page.getByText("5 changes").waitFor();
    expect(await page.getByRole("button", { name: "Apply" }).count()).toBe(0);
    await page.getByRole("button", { name: "See what changes" }).click();
    await page.getByText("variables.LOG_LEVEL: info → warn").waitFor();
    await page.getByText("gets a new version").waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText("The new split is in force.").waitFor();
    const body = { variables: { LOG_LEVEL: "warn", GREETING: null, A: "1", B: "two words" }, inherit: ["TRACING"] };
    expect(platform().received.slice(-2)).toEqual([
      { route: `POST ${AT}/plan`, body },
      { route: `PATCH ${AT}`, body },
    ]);
    await page.getByText("No changes").waitFor();
  });

  test("keeps what was typed while the rest changes beneath it, and asks again for what it does when more is typed", async () => {
    const { page } = await go(CONFIG);
    await page.getByRole("textbox", { name: "Value: LOG_LEVEL" }).fill("warn");
    await page.getByRole("button", { name: "See what changes" }).click();
    await page.getByRole("button", { name: "Apply" }).waitFor();
    const items = configuration.items.map((item) => (item.name === "REGION" ? { ...item, text: "us" } : item));
    stage(`GET ${AT}`, { status: 200, body: { ...configuration, items } });
    platform().change({ type: "app", app: "hello-node" });
    await page.getByText("us", { exact: true }).waitFor();
    expect(await page.getByRole("textbox", { name: "Value: LOG_LEVEL" }).inputValue()).toBe("warn");
    await page.getByRole("textbox", { name: "Value: LOG_LEVEL" }).fill("error");
    await page.getByRole("button", { name: "See what changes" }).waitFor();
    expect(await page.getByRole("button", { name: "Apply" }).count()).toBe(0);
  });

  test("is not written over what somebody else has changed meanwhile, unless one says so: what was typed stays", async () => {
    const { page } = await go(CONFIG);
    await page.getByRole("textbox", { name: "Value: LOG_LEVEL" }).fill("warn");
    await page.getByRole("button", { name: "See what changes" }).click();
    const items = configuration.items.map((item) => (item.name === "REGION" ? { ...item, text: "us" } : item));
    stage(`GET ${AT}`, { status: 200, body: { ...configuration, items, revision: "8" } });
    const changed = { by: "grace", at: "2026-11-23T09:00:00Z", what: "configuration.changed" };
    const body = {
      type: "about:blank",
      title: "Changed meanwhile",
      status: 412,
      code: "precondition_failed",
      detail: "It was changed",
      changed,
    };
    stage(`PATCH ${AT}`, { status: 412, body });
    const asked = () => page.waitForRequest((request) => request.method() === "PATCH");
    const first = asked();
    await page.getByRole("button", { name: "Apply" }).click();
    expect((await first).headers()["if-match"]).toBe('"7"');
    await page.getByText("Somebody has changed this meanwhile").waitFor();
    await page.getByText("REGION: eu → us").waitFor();
    await page.getByText(/^grace, /).waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    expect(await page.getByRole("textbox", { name: "Value: LOG_LEVEL" }).inputValue()).toBe("warn");
    platform().stage(`PATCH ${AT}`, undefined);
    const second = asked();
    await page.getByRole("button", { name: "Save mine on top of it" }).click();
    expect((await second).headers()["if-match"]).toBe('"8"');
    await page.getByText("The new split is in force.").waitFor();
  });

  test("takes a secret once, which stays nowhere in the page", async () => {
    const { page } = await go(CONFIG);
    await page.getByLabel("New value: DB_PASSWORD").fill("s3cret");
    await page.getByRole("button", { name: "See what changes" }).click();
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByRole("link", { name: "Phases and log" }).waitFor();
    expect(platform().received.at(-1)).toEqual({ route: `PATCH ${AT}`, body: { secrets: { DB_PASSWORD: "s3cret" } } });
    await expect.poll(() => page.getByLabel("New value: DB_PASSWORD").inputValue()).toBe("");
    expect(await page.content()).not.toContain("s3cret");
  });

  test("is only read by those who may not deploy there, and says why no version can be made of it", async () => {
    stage("GET /me", { status: 200, body: { ...me, platformAdmin: false, teams: [{ team: "default", role: "viewer" }] } });
    stage(`GET ${AT}`, { status: 200, body: { ...configuration, fault: "GREETING refers to REGION, which is not set" } });
    const { page } = await go(CONFIG);
    await page.getByText("No version can be made of this configuration").waitFor();
    await page.getByText("Only a developer or above changes this here.").waitFor();
    expect(await page.getByRole("textbox").count()).toBe(0);
  });
});

describe.skipIf(skipReason !== null)("an app's scaling", () => {
  const AT = "/apps/hello-node/environments/test";
  const PAGE = "/apps/hello-node/test/scaling-policy";

  test("is edited with each field judged at the field, told in words, and kept from what somebody else has done meanwhile", async () => {
    const { page } = await go(PAGE, { timezoneId: "Asia/Tokyo" });
    const row = (number: number) => page.getByRole("group", { name: `Strategy ${number}` });
    await row(2)
      .getByText(/^The window (is open, until|comes next from) \w+, .* your time$/)
      .waitFor();
    const start = row(2).getByRole("textbox", { name: "From (cron): Strategy 2" });
    await start.fill("0 25 * * *");
    const fault = row(2).getByText("No cron expression of five fields:");
    await fault.waitFor();
    expect(await start.getAttribute("aria-describedby")).toBe(await fault.getAttribute("id"));
    await start.fill("0 9 * * 1-5");
    await row(3).getByRole("textbox", { name: "Address: Strategy 3" }).fill("http://ann@queue");
    await row(3).getByText("An http or https address without a user").waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    await row(3).getByRole("button", { name: "Remove: Strategy 3" }).click();
    await page.getByRole("button", { name: "Add a strategy" }).click();
    await row(3).getByRole("spinbutton", { name: "Aimed at: Strategy 3" }).fill("50");
    await page.getByText("3 instances from “0 9 * * 1-5” to “0 20 * * 1-5” by the clocks of Europe/Berlin").waitFor();
    await page.getByText("By requests a second: 50 per instance").waitFor();

    // What comes in while one types takes nothing away.
    stage(`GET ${AT}/scaling`, { status: 200, body: { ...scaling, max: 4, revision: "9" } });
    platform().change({ type: "app", app: "hello-node" });
    await page.getByRole("listitem").filter({ hasText: "At most 4 instances · set here" }).waitFor();
    expect(await start.inputValue()).toBe("0 9 * * 1-5");
    const changed = { by: "grace", at: "2026-11-23T09:00:00Z", what: "scaling.changed" };
    const refusal = {
      type: "about:blank",
      title: "Changed meanwhile",
      status: 412,
      code: "precondition_failed",
      detail: "It was",
      changed,
    };
    stage(`PATCH ${AT}/scaling`, { status: 412, body: refusal });
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText(/^grace, /).waitFor();
    await page.getByText(/^At most: .* → At most 4 instances$/).waitFor();
    stage(`PATCH ${AT}/scaling`, problem(400, "invalid_request", "body/strategies/1/replicas must be at most 2"));
    const asked = page.waitForRequest((request) => request.method() === "PATCH");
    await page.getByRole("button", { name: "Save mine on top of it" }).click();
    expect((await asked).headers()["if-match"]).toBe('"9"');
    expect((await asked).postDataJSON()).toEqual({
      strategies: [scaling.strategies?.[0], { ...scaling.strategies?.[1], start: "0 9 * * 1-5" }, { type: "rps", target: 50 }],
    });
    await row(2).getByText("body/strategies/1/replicas must be at most 2").waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    // It goes with what was refused, and away when that is another.
    await row(1).getByRole("button", { name: "Remove: Strategy 1" }).click();
    await row(1).getByText("body/strategies/1/replicas must be at most 2").waitFor();
    await row(1).getByRole("spinbutton", { name: "Instances: Strategy 1" }).fill("2");
    await expect.poll(() => page.getByText("body/strategies/1/replicas").count()).toBe(1);
  });

  test("keeps what is typed while it is applied, and goes on from what was applied", async () => {
    const { page } = await go(PAGE);
    const answered = Promise.withResolvers<void>();
    await page.route(`**${AT}/scaling`, async (route) => {
      if (route.request().method() === "PATCH") await answered.promise;
      await route.continue();
    });
    const form = page.locator("form").filter({ has: page.getByRole("heading", { name: "Change it" }) });
    const [min, max] = [
      form.getByRole("spinbutton", { name: "At least so many" }),
      form.getByRole("spinbutton", { name: "At most so many" }),
    ];
    await min.fill("2");
    const first = page.waitForRequest((request) => request.method() === "PATCH");
    await form.getByRole("button", { name: "Apply" }).click();
    await first;
    await max.fill("9");
    answered.resolve();
    await page.getByRole("listitem").filter({ hasText: "At least 2 instances · set here" }).waitFor();
    expect([await min.inputValue(), await max.inputValue()]).toEqual(["2", "9"]);
    const second = page.waitForRequest((request) => request.method() === "PATCH");
    await form.getByRole("button", { name: "Apply" }).click();
    expect((await second).headers()["if-match"]).toBe('"7"');
    expect((await second).postDataJSON()).toEqual({ max: 9 });
  });

  test("that somebody wrote into the cluster and nobody can read is not shown as in force, and is taken back", async () => {
    const none = { strategies: null, min: null, max: null, idle: null };
    const problem = "strategy 1 in autoscaling.ebb.dev/strategies is none that Ebb knows, or not complete";
    const saidProblem = { code: "policy.strategy", with: { number: 1, annotation: "autoscaling.ebb.dev/strategies" } };
    stage(`GET ${AT}/scaling`, { status: 200, body: { ...none, problem, saidProblem, revision: "6" } });
    const { page, open } = await go(PAGE);
    await page.getByText("nothing of it is in force").waitFor();
    await page.getByText(problem).waitFor();
    expect(await page.getByText("· set here").count()).toBe(0);
    expect(await page.getByRole("button", { name: "Apply" }).isDisabled()).toBe(true);
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.getByRole("button", { name: "All as the versions say" }).click();
    await page.getByRole("button", { name: "Apply" }).click();
    await expect.poll(() => platform().received.at(-1)).toEqual({ route: `PATCH ${AT}/scaling`, body: none });
    await open(PAGE);
    await page.getByRole("button", { name: "中文" }).click();
    await page.getByText("不是 Ebb 认识的策略").waitFor();
  });

  test("is asked about: an edit, another policy, nothing recorded, no answer, a cluster that records nothing", async () => {
    const { page, open } = await go(PAGE);
    const sent = platform().received.length;
    await page.getByRole("spinbutton", { name: "At least so many instances" }).first().fill("0");
    await page.getByRole("button", { name: "What would it have done?" }).click();
    await page.waitForURL(`**${PAGE}?over=1h&min=0`);
    await page.getByText("42 % less instance time").waitFor();
    await page.getByRole("row", { name: "Cold starts 1 21 +20" }).waitFor();
    await page.getByRole("row", { name: /^Instances by By requests at once: 10 per instance; 3 instances from/ }).waitFor();
    expect(await page.getByRole("row", { name: /^Aimed at per instance/ }).count()).toBe(0);
    expect(await page.getByRole("combobox", { name: "Counted as" }).isDisabled()).toBe(true);
    // The same once more is asked once more: there was traffic since.
    const again = page.waitForRequest((request) => request.url().includes("/what-if?"));
    await page.getByRole("button", { name: "Ask" }).click();
    await again;
    await page.getByRole("spinbutton", { name: "Target per instance" }).fill("0");
    await page.getByText("A number from 0.01 to 1,000,000,000").waitFor();
    expect(await page.getByRole("button", { name: "Ask" }).isDisabled()).toBe(true);
    await page.getByRole("spinbutton", { name: "Target per instance" }).fill("5");
    await page.getByRole("radio", { name: "6 hours" }).press("Space");
    const asked = page.waitForRequest((request) => request.url().includes("/what-if?"));
    await page.getByRole("spinbutton", { name: "Target per instance" }).press("Enter");
    const { searchParams } = new URL((await asked).url());
    expect([searchParams.get("min"), searchParams.get("target")]).toEqual(["0", "5"]);
    expect((Date.now() - Date.parse(searchParams.get("since") ?? "")) / 3_600_000).toBeCloseTo(6, 1);
    await page.getByRole("button", { name: "Use these settings" }).click();
    await page.getByText("They are in the form above, and not applied yet.").waitFor();
    expect(platform().received).toHaveLength(sent);
    // Of the time that was chosen, if not asked about yet.
    await page.getByRole("radio", { name: "7 days" }).press("Space");
    await page.getByRole("button", { name: "What would it have done?" }).click();
    await page.waitForURL(/\?over=7d&/);
    for (const [answer, words] of [
      [problem(409, "nothing_recorded", "nothing to replay"), "Nothing was recorded in that time."],
      [problem(409, "what_if_unavailable", "not here"), "This cluster does not record the load of its versions"],
      [problem(400, "invalid_request", "max 2 is less than min 3"), "max 2 is less than min 3"],
    ] as const) {
      stage(`GET ${AT}/what-if`, answer);
      await open(`${PAGE}?over=7d&version=v12`);
      await page.getByText(words).waitFor();
      expect(await accessibilityFindings(page), words).toEqual([]);
    }
    stage(`GET ${AT}/what-if`, "hang");
    stage(`GET ${AT}/decisions`, { status: 200, body: { items: [], recorded: false } });
    await open(`${PAGE}?over=7d`);
    await page.getByRole("status", { name: "Loading" }).waitFor();
    await page.getByText("This cluster's autoscaler is not Ebb's").waitFor();
  });
});

describe.skipIf(skipReason !== null)("strategies that are asked about", () => {
  test("stand in no address, and stay typed while they are not asked about", async () => {
    const { page } = await go("/apps/hello-node/test/scaling-policy");
    const others = page.getByRole("checkbox", { name: "Other strategies" });
    const form = page.locator("form").filter({ has: others });
    const asked = async () => {
      const sent = page.waitForRequest((request) => request.url().includes("/what-if?"));
      await form.getByRole("button", { name: "Ask" }).click();
      return new URL((await sent).url()).searchParams.get("strategies");
    };
    await others.check();
    await form.getByRole("button", { name: "Add a strategy" }).click();
    await form.getByRole("spinbutton", { name: "Aimed at: Strategy 1" }).fill("50");
    const votes = JSON.stringify([{ type: "concurrency", target: 50 }]);
    expect(await asked()).toBe(votes);
    await page.getByText("42 % less instance time").waitFor();
    expect(new URL(page.url()).search).toBe("?over=1h");
    await page.reload();
    await page.getByText("42 % less instance time").waitFor();
    expect(await form.getByRole("spinbutton", { name: "Aimed at: Strategy 1" }).inputValue()).toBe("50");
    await others.uncheck();
    expect(await asked()).toBeNull();
    await others.check();
    expect(await asked()).toBe(votes);
  });
});

describe.skipIf(skipReason !== null)("a layer's configuration", () => {
  test("shows which apps a change reaches, and follows them", async () => {
    const { page } = await go("/teams/default/configuration");
    await page.getByRole("textbox", { name: "Value: LOG_LEVEL" }).fill("warn");
    await page.getByRole("button", { name: "See what changes" }).click();
    await page.getByText("It reaches 3 apps; 2 of them get a new version.").waitFor();
    await page.getByText("waits for an approval").waitFor();
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText("The layer is changed.").waitFor();
    await page.getByRole("heading", { name: "Apps that get a new version" }).waitFor();
    expect(platform().received.at(-1)).toEqual({
      route: "PATCH /teams/default/configuration",
      body: { variables: { LOG_LEVEL: "warn" } },
    });
  });

  test("is not applied where an app could not be given it, and a freeze is overridden with a reason by administrators", async () => {
    const faulty = { apps: plan.apps.map((each) => ({ ...each, fault: "GREETING refers to REGION, which is not set" })) };
    stage("POST /teams/default/environments/prod/configuration/plan", { status: 200, body: faulty });
    const { page } = await go("/teams/default/environments/prod/configuration");
    await page.getByRole("button", { name: "Remove: LOG_LEVEL" }).click();
    await page.getByRole("button", { name: "See what changes" }).click();
    await page.getByText("GREETING refers to REGION").first().waitFor();
    expect(await page.getByRole("button", { name: "Apply" }).isDisabled()).toBe(true);
    stage("POST /teams/default/environments/prod/configuration/plan", { status: 200, body: plan });
    stage("PATCH /teams/default/environments/prod/configuration", problem(409, "environment_frozen", "prod is frozen: Year end"));
    await page.getByRole("textbox", { name: "Value: LOG_LEVEL" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Undo: LOG_LEVEL" }).click();
    await page.getByRole("textbox", { name: "Value: LOG_LEVEL" }).fill("warn");
    await page.getByRole("button", { name: "See what changes" }).click();
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText("prod is frozen: Year end").waitFor();
    platform().stage("PATCH /teams/default/environments/prod/configuration", undefined);
    const overridden = page.waitForRequest((request) => request.headers()["ebb-override-freeze"] !== undefined);
    await page.getByRole("textbox", { name: /^Do it although/ }).fill("payments are down – now");
    await page.getByRole("button", { name: "Override the freeze and do it" }).click();
    expect(decodeURIComponent((await overridden).headers()["ebb-override-freeze"] ?? "")).toBe("payments are down – now");
    await page.getByText("The layer is changed.").waitFor();
  });
});

describe.skipIf(skipReason !== null)("an app's guard", () => {
  const AT = "/apps/hello-node/environments/test/traffic-policy";

  test("is said in words, changed in its parts, and judged as the platform does before it is sent", async () => {
    const { page } = await go("/apps/hello-node/test/guard");
    await page.getByText(/^403 for 203\.0\.113\.0\/24, until .* \(scraper\)/).waitFor();
    await page.getByRole("button", { name: "Let somebody in" }).click();
    expect(await page.getByRole("button", { name: "Apply" }).isDisabled()).toBe(true);
    await page.getByRole("textbox", { name: "IP address or block: Let in" }).fill("10.0.0.0/33");
    await page.getByText("An IP address, or a block such as").waitFor();
    await page.getByRole("textbox", { name: "IP address or block: Let in" }).fill("10.0.0.0/8");
    await page.getByLabel("Until (empty: for good): Let in").fill("2099-05-01T10:00");
    await page.getByText(/^Let in: 10\.0\.0\.0\/8, until .*; 403 for everybody not let in/).waitFor();
    await page.getByRole("button", { name: "Remove: Limit 1" }).click();
    await page.getByRole("checkbox", { name: "Leave an instance alone that fails" }).check();
    await page.getByText("No longer:").waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText("The gateway guards it so now.").waitFor();
    const { route, body } = platform().received.at(-1) ?? {};
    expect({ route, body }).toMatchObject({
      route: `PATCH ${AT}`,
      body: { allow: [{ address: "10.0.0.0/8" }], rateLimits: [], ejection: { errors: 5, seconds: 30, maxPercent: 50 } },
    });
    expect(Object.keys(body as object)).toEqual(["allow", "rateLimits", "ejection"]);
  });

  test("says where the cluster has none, and is only read by those who may not release", async () => {
    stage(`PATCH ${AT}`, problem(501, "traffic_policy_unavailable", "The gateway of this cluster has no traffic policies"));
    const { page, open } = await go("/apps/hello-node/test/guard");
    await page.getByRole("checkbox", { name: "Bring a client back" }).uncheck();
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText("The gateway of this cluster has no traffic policies").waitFor();
    stage("GET /me", { status: 200, body: { ...me, platformAdmin: false, teams: [{ team: "default", role: "viewer" }] } });
    await open("/apps/hello-node/test/guard");
    await page.getByText("Only a developer or above changes this here.").waitFor();
    expect(await page.getByRole("checkbox", { name: "Bring a client back" }).isDisabled()).toBe(true);
    expect(await page.getByRole("button", { name: "Apply" }).count()).toBe(0);
  });
});

describe.skipIf(skipReason !== null)("a team", () => {
  test("sees what it has of its quota, which administrators change; a refusal is said in the reader's language, too", async () => {
    const { page, open } = await go("/teams/default/quota");
    await page.getByRole("img", { name: "Instances at once: 10 of 10, 100 %" }).waitFor();
    await page.getByRole("img", { name: "Memory: 3Gi; no limit" }).waitFor();
    await page.getByRole("textbox", { name: "Memory" }).fill("16GB");
    await page.getByText("Memory: 512Mi, 16Gi").waitFor();
    await page.getByRole("textbox", { name: "Memory" }).fill("");
    await page.getByRole("textbox", { name: "Instances at once" }).fill("50");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("img", { name: "Instances at once: 10 of 50, 20 %" }).waitFor();
    expect(platform().received.at(-1)).toEqual({ route: "PATCH /teams/default/quota", body: { instances: 50 } });
    stage("PATCH /teams/default/quota", problem(409, "team_in_use", "The team has 12 instances, and would have 5"));
    await page.getByRole("button", { name: "中文" }).click();
    await page.getByRole("textbox", { name: "同时运行的实例" }).fill("5");
    await page.getByRole("button", { name: "保存" }).click();
    await page.getByText("团队仍有应用").waitFor();
    await page.getByText("The team has 12 instances, and would have 5").waitFor();
    stage("GET /me", { status: 200, body: { ...me, platformAdmin: false } });
    await open("/teams/default/quota");
    await page.getByText("只有平台管理员可以修改配额。").waitFor();
  });

  test("has what its repositories are read with, and administrators say which Git servers there are", async () => {
    const { page, open } = await go("/teams/default/git");
    const row = page.getByRole("listitem").filter({ hasText: "git.example.com:2222/acme" });
    await row.getByRole("button", { name: "Copy: public key for git.example.com:2222/acme" }).waitFor();
    await page.getByRole("textbox", { name: "Repositories" }).fill("github.com/acme");
    await page.getByRole("textbox", { name: "Token" }).fill("a-secret");
    await page.getByRole("button", { name: "Add access" }).click();
    await page.getByText("It is kept. Nobody can read it again.").waitFor();
    const body = { prefix: "github.com/acme", kind: "token", token: "a-secret" };
    expect(platform().received.at(-1)).toEqual({ route: "POST /teams/default/git-credentials", body });
    expect(await page.getByRole("textbox", { name: "Token" }).inputValue()).toBe("");
    await page.getByRole("radio", { name: "Deploy key" }).press("Space");
    await page.getByRole("textbox", { name: "Private key" }).waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    await row.getByRole("button", { name: "Remove the access to git.example.com:2222/acme" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();
    await expect.poll(() => platform().received.at(-1)?.route).toBe("DELETE /teams/default/git-credentials/c-1");

    await open("/status");
    await page.getByRole("textbox", { name: "And these, one a line" }).fill("git.corp.example.com\n10.0.0.0/8");
    await page.getByRole("button", { name: "Save" }).click();
    const allow = ["git.corp.example.com", "10.0.0.0/8"];
    await expect.poll(() => platform().received.at(-1)).toEqual({ route: "PATCH /git-settings", body: { allow } });
  });

  test("has previews, which live on for hours, are made and deleted", async () => {
    const { page } = await go("/teams/default/previews");
    await page.getByText("1 of 10 at once").waitFor();
    await page.getByText(/ left$/).waitFor();
    await page.getByRole("spinbutton", { name: "Hours that feature-login lives on" }).fill("48");
    await page.getByRole("button", { name: "Extend: feature-login" }).click();
    await expect
      .poll(() => platform().received.at(-1))
      .toEqual({
        route: "PATCH /teams/default/previews/feature-login",
        body: { ttlHours: 48 },
      });
    await page.getByRole("textbox", { name: "Name" }).fill("feature-cart");
    await page.getByRole("button", { name: "Make a preview" }).click();
    await expect.poll(() => platform().received.at(-1)?.body).toEqual({ name: "feature-cart", ttlHours: 72 });
    await page.getByRole("button", { name: "Delete: feature-login" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("link", { name: "Phases and log" }).waitFor();
  });
});

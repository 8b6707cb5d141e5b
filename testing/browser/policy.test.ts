import { describe, expect, test } from "vitest";
import { accessibilityFindings, skipReason } from "./src/browser.ts";
import { configuration, plan } from "./src/staged-configuration.ts";
import { me } from "./src/staged-people.ts";
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

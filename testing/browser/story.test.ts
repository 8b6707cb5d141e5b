import {
  archive,
  eventually,
  finished,
  httpRequest,
  joinTeam,
  nodeApp,
  startEbb,
  startLoad,
  type EbbServer,
  type Member,
} from "@ebb/testkit";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accessibilityFindings, buildConsole, launchBrowser, skipReason, visit, type Visit } from "./src/browser.ts";

const PASSWORD = "tide goes out slowly";

interface Story {
  ebb: EbbServer;
  app: string;
  /** Of prod. */
  host: string;
  /** Whoever deploys and releases; they have an account, and no browser that knows them. */
  ann: string;
  desk: Visit;
  /** Whoever approves: at another desk, with the page of approvals open all the time. */
  bob: Member;
  approver: Visit;
}

/** Two people at two desks, and what they do is done: real builds, real processes, real requests. The same by command: testing/e2e/story.test.ts. */
describe.skipIf(skipReason !== null)("in the browser", () => {
  let ebb: EbbServer;
  let browser: Browser;
  beforeAll(async () => {
    buildConsole();
    [ebb, browser] = await Promise.all([startEbb({ args: ["--no-containers"] }), launchBrowser()]);
    await ebb.client.patchEnvironment("default", "prod", { approvals: 1 });
  });
  afterAll(async () => {
    await browser?.close();
    await ebb?.dispose();
  });

  test("sign in, deploy, promote, approve, a canary by header, a guarded release, a bad version that is taken back, and the trail", async ({
    task,
  }) => {
    // Trying again begins with people and an app of its own.
    const story = await begin(ebb, browser, task.result?.retryCount ?? 0);
    await signIn(story);
    await deployToTest(story, "// v1");
    await promoteTo(story, "staging");
    await promoteTo(story, "prod");
    await deployToTest(story, "// v2");
    await promoteTo(story, "prod", { noTraffic: true });
    const load = startLoad(ebb.gateway, story.host, 4);
    await canaryByHeader(story);
    await guardedRelease(story);
    await badVersion(story);
    const { failures, succeeded } = await load.stop();
    // Only the bad version's own answers were bad: nobody on another one saw a thing.
    expect(failures.filter((failure) => !failure.includes(`${story.app}-00003`))).toEqual([]);
    console.log(`the story under load: ${succeeded} answers, ${failures.length} of the bad version, no other failed`);
    await trail(story);
    expect([...story.desk.complaints, ...story.approver.complaints]).toEqual([]);
    await story.desk.close();
    await story.approver.close();
  });
});

async function begin(ebb: EbbServer, browser: Browser, tries: number): Promise<Story> {
  const app = tries === 0 ? "shop" : `shop${tries}`;
  const ann = `ann${tries}`;
  for (const { operation } of await ebb.client.listApprovals()) await ebb.client.cancelOperation(operation);
  const bob = await joinTeam(ebb.client, ebb.urls.platform, { name: `bob${tries}`, role: "admin" });
  await ebb.client.patchUser(bob.name, { platformAdmin: true });
  const [desk, approver] = await Promise.all([
    // Chromium logs the refusal of the wrong password.
    visit(browser, { baseURL: ebb.urls.platform, expected: /401/ }),
    visit(browser, { baseURL: ebb.urls.platform, expected: /401/ }),
  ]);
  await approver.open("/approvals");
  await enter(approver.page, bob.name, PASSWORD);
  await approver.page.getByText("Nothing waits for approval.").waitFor();
  return { ebb, app, host: `${app}.sls-local.localhost`, ann, desk, bob, approver };
}

async function enter(page: Page, name: string, password: string): Promise<void> {
  await page.getByRole("textbox", { name: "Name" }).fill(name);
  await page.getByRole("textbox", { name: "Password" }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** By the invitation, out again, and in again by name; a wrong password is told. */
async function signIn({ ebb, ann, desk: { page, open } }: Story): Promise<void> {
  const { code } = await ebb.client.createUser({ name: ann });
  await ebb.client.setMember("default", ann, "releaser");
  await page.goto(`${ebb.urls.platform}/?invite=${code}`);
  await page.getByText(`You sign in as ${ann}.`).waitFor();
  expect(page.url()).toBe(`${ebb.urls.platform}/`);
  await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await page.getByRole("textbox", { name: "The same again" }).fill(PASSWORD);
  expect(await accessibilityFindings(page)).toEqual([]);
  await page.getByRole("button", { name: "Set password and sign in" }).click();
  await page.getByRole("navigation").first().waitFor();
  await open("/status");
  await page.getByRole("button", { name: "Sign this browser out" }).click();
  await enter(page, ann, "something else");
  await page.getByText("The name or the password is not right.").waitFor();
  await enter(page, ann, PASSWORD);
  await page.getByRole("navigation").first().waitFor();
}

/** As ann's browser sends it: an archive, dropped into the page. */
async function deployToTest({ app, desk: { page, open } }: Story, before: string): Promise<void> {
  await open("/deploy");
  const buffer = Buffer.from(await (await archive(nodeApp({ before }))).arrayBuffer());
  await page.locator("input[type=file][accept]").setInputFiles({ name: `${app}.tar.gz`, mimeType: "application/gzip", buffer });
  await page.getByRole("combobox", { name: "App name" }).fill(app);
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await page.getByRole("heading", { name: `Deploy: ${app} · test` }).waitFor();
  await page.getByRole("list", { name: "Phases" }).getByText("Check the public address").waitFor();
  await page.getByText(/^v\d: Succeeded/).waitFor();
}

/** What the page has sent waits for bob, who sees it come, looks, and says yes. */
async function approve({ approver: { page } }: Story, title: RegExp, why: string): Promise<void> {
  await page.getByRole("link", { name: title }).click();
  await page.getByRole("textbox", { name: /^Why/ }).fill(why);
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByRole("button", { name: "Approve" }).waitFor({ state: "detached" });
  await page.goBack();
  await page.getByText("Nothing waits for approval.").waitFor();
}

async function promoteTo(story: Story, to: string, { noTraffic = false } = {}): Promise<void> {
  const { app, desk } = story;
  const { page } = desk;
  await desk.open(`/apps/${app}/test/promote?to=${to}`);
  if (noTraffic) await page.getByRole("checkbox", { name: /^A preview only/ }).check();
  await page.getByRole("button", { name: new RegExp(`^Promote v\\d to ${to}$`) }).click();
  await page.getByRole("heading", { name: `Promote: ${app} · ${to}` }).waitFor();
  if (to === "prod") {
    await page.getByRole("button", { name: "Approve" }).waitFor();
    await approve(story, new RegExp(`^Promote: ${app} · prod$`), "seen in test");
  }
  await page.getByText(/^v\d: Succeeded/).waitFor();
}

/** The answers of prod, as somebody with these headers gets them. */
async function served({ ebb, host }: Story, headers: Record<string, string> = {}): Promise<string> {
  const { body } = await httpRequest(ebb.gateway, { host, path: "/cart", headers });
  return /"version":"([^"]*)"/.exec(body)?.[1] ?? body;
}

async function canaryByHeader(story: Story): Promise<void> {
  const { app, desk } = story;
  const { page } = desk;
  expect(await served(story, { "x-canary": "1" })).toBe(`${app}-00001`);
  await desk.open(`/apps/${app}/prod/traffic`);
  await page.getByRole("button", { name: "Add a rule" }).click();
  await page.getByRole("textbox", { name: "Name: Rule 1, 1" }).fill("x-canary");
  await page.getByRole("textbox", { name: "Value: Rule 1, 1" }).fill("1");
  await page.getByText("New rule 1:").waitFor();
  await page.getByText(/^Of the last \d+ requests$/).waitFor();
  await page.getByRole("button", { name: "Apply" }).click();
  await approve(story, new RegExp(`: ${app} · prod$`), "for testers only");
  await page.getByText("Nothing will change.").waitFor();
  expect([await served(story), await served(story, { "x-canary": "1" })]).toEqual([`${app}-00001`, `${app}-00002`]);
  for (const [header, answer] of [
    ["x-canary: 1", "by rule 1"],
    ["", "no rule fits: the split decides"],
  ] as const) {
    await page.getByRole("textbox", { name: "Headers, one a line" }).fill(header);
    await page.getByRole("button", { name: "Explain" }).click();
    await page.getByText(answer).waitFor();
  }
  expect(await accessibilityFindings(page)).toEqual([]);
}

/** A quarter first, then all of it at a word; what guards it is on the page all the while. */
async function guardedRelease(story: Story): Promise<void> {
  const { app, desk } = story;
  const { page } = desk;
  await page.getByRole("link", { name: "Releases", exact: true }).click();
  await page.getByRole("textbox", { name: "Steps, percent" }).fill("25, 100");
  await page.getByRole("checkbox", { name: /^Each step waits/ }).check();
  await page.getByRole("button", { name: "Release v2" }).click();
  await page.getByRole("heading", { name: "v2 is being released" }).waitFor();
  await approve(story, new RegExp(`: ${app} · prod$`), "the testers like it");
  await page.getByText("It waits until somebody continues.").waitFor();
  await page.getByRole("listitem").filter({ hasText: "v2 is at this step" }).getByText("25 %").waitFor();
  await page.getByRole("row", { name: /v2 new/ }).waitFor();
  await eventually(async () => (await served(story)) === `${app}-00002`, 30_000);
  expect(await accessibilityFindings(page)).toEqual([]);
  await page.getByRole("button", { name: "Go on to 100 % now" }).click();
  await page.getByRole("listitem").filter({ hasText: "25 % → 100 %" }).getByText("Succeeded").waitFor();
  expect(await served(story)).toBe(`${app}-00002`);
}

/** Answers 500 as soon as anybody asks: whoever watches sees it taken back, without a word or a key. */
async function badVersion(story: Story): Promise<void> {
  const { ebb, app, bob, desk } = story;
  const { page } = desk;
  const bad = await bob.client.uploadSource(await archive(nodeApp({ handler: "response.statusCode = 500;" })), {
    name: app,
    noTraffic: true,
  });
  expect((await finished(bob.client, bad.id)).failure).toBeNull();
  const { id } = await bob.client.promote({ app, env: "prod" }, { from: "test", version: "v3", noTraffic: true });
  await ebb.client.approveOperation(id, "nobody sees it");
  expect((await finished(ebb.client, id)).failure).toBeNull();
  // What ann types is made on what is there by now, whatever the page has heard of it.
  await desk.open(`/apps/${app}/prod/releases`);
  await page.getByRole("textbox", { name: "Steps, percent" }).fill("25, 100");
  await page.getByRole("spinbutton", { name: "Seconds in each step" }).fill("300");
  await page.getByRole("button", { name: "Release v3" }).click();
  await page.getByRole("heading", { name: "v3 is being released" }).waitFor();
  await approve(story, new RegExp(`: ${app} · prod$`), "it was tested well");
  const ended = page.getByRole("listitem").filter({ hasText: "25 % → 100 %" }).filter({ hasText: "came to 25 %" });
  await ended.getByText("v3 did worse than what served before, and was taken back").waitFor();
  await ended.getByText("Failed", { exact: true }).waitFor();
  await page.getByRole("alert").getByText("v3 did worse than what served before").first().waitFor();
  expect(await ebb.client.getAppEnvironment({ app, env: "prod" })).toMatchObject({ traffic: [{ version: "v2", percent: 100 }] });
  await page.getByRole("button", { name: "Release v3" }).waitFor();
}

async function trail({ app, ann, bob, approver: { page, open } }: Story): Promise<void> {
  await open(`/audit?object=${encodeURIComponent(`app/${app}`)}`);
  await page.getByRole("listitem").filter({ hasText: ann }).first().waitFor();
  // Two deploys, three promotions, the rule and two releases by ann; a deploy and a promotion by bob.
  const by = (who: string) => page.getByRole("listitem").filter({ has: page.locator("b", { hasText: who }) });
  expect([await by(ann).count(), await by(bob.name).count()]).toEqual([8, 2]);
  await page.getByRole("textbox", { name: "Who" }).fill(bob.name);
  await page.getByRole("textbox", { name: "Object" }).fill("");
  await page.getByRole("textbox", { name: /^Action/ }).fill("operation.approve");
  await page.getByRole("button", { name: "Filter" }).click();
  await page.getByText("approved an operation").first().waitFor();
  expect(await page.getByText("approved an operation").count()).toBe(5);
  await page.getByRole("button", { name: "Verify the chain" }).click();
  await page.getByText(/^All [\d,]+ rows are as they were written\.$/).waitFor();
  expect(await accessibilityFindings(page)).toEqual([]);
}

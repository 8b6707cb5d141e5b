import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tempDir } from "@ebb/testkit";
import { describe, expect, test } from "vitest";
import { accessibilityFindings, skipReason } from "./src/browser.ts";
import { apps, status, versions } from "./src/staged-data.ts";
import { me } from "./src/staged-people.ts";
import * as releases from "./src/staged-releases.ts";
import { problem, stagedVisits } from "./src/staged-visits.ts";

/** What is done on single pages, over staged answers. */
const { platform, stage, go } = stagedVisits();

describe.skipIf(skipReason !== null)("an app's traffic", () => {
  const AT = "/apps/hello-node/environments/test";

  test("is edited as a picture: borders by key and mouse, rules by their order, all of it told before it is sent", async () => {
    const { page } = await go("/apps/hello-node/test/traffic");
    const border = page.getByRole("slider", { name: "Border between v12 and v11" });
    await border.press("PageUp");
    expect(await border.getAttribute("aria-valuetext")).toBe("v12 20 %, v11 80 %");
    await border.hover();
    await page.mouse.down();
    await page.mouse.move(900, 400, { steps: 4 });
    await page.mouse.up();
    expect(Number(await border.getAttribute("aria-valuenow"))).toBeGreaterThan(50);
    await page.getByRole("spinbutton", { name: "Percent for v12" }).fill("25");
    await page.getByText("v11: 90 % → 75 %").waitFor();
    await page.getByRole("button", { name: "Rule 2: one up" }).click();
    await page.getByText("The rules have another order.").waitFor();
    await page.getByRole("button", { name: "Rule 2: remove" }).click();
    await page.getByText("Rule 1 goes:").waitFor();
    await page.getByRole("button", { name: "Add a rule" }).click();
    expect(await page.getByRole("button", { name: "Apply" }).isDisabled()).toBe(true);
    await page.getByRole("textbox", { name: "Name: Rule 2, 1" }).fill("x-canary");
    await page.getByRole("textbox", { name: "Value: Rule 2, 1" }).fill("1");
    await page.getByText("New rule 2:").waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText("The new split is in force.").waitFor();
    expect(platform().received.findLast(({ route }) => !route.endsWith("/traffic/plan"))).toEqual({
      route: `PUT ${AT}/traffic`,
      body: {
        targets: [
          { version: "v12", percent: 25 },
          { version: "v11", percent: 75 },
        ],
        rules: [releases.rules[1], { version: "v12", when: [{ on: "header", name: "x-canary", is: "exact", value: "1" }] }],
      },
    });

    await page.getByRole("spinbutton", { name: "Percent for v12" }).fill("30");
    const now = { ...apps[0]?.environments[0], rules: releases.rules, revision: "4", traffic: [{ version: "v12", percent: 100 }] };
    stage(`GET ${AT}`, { status: 200, body: now });
    const changed = { by: "grace", at: "2026-11-23T09:00:00Z", what: "traffic.set" };
    const refusal = {
      type: "about:blank",
      title: "Changed meanwhile",
      status: 412,
      code: "precondition_failed",
      detail: "It was",
      changed,
    };
    stage(`PUT ${AT}/traffic`, { status: 412, body: refusal });
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByText("Somebody has changed this meanwhile").waitFor();
    await page.getByText(/^grace, /).waitFor();
    await page.getByText("traffic.v12: 10 → 100").waitFor();
    expect(await page.getByRole("spinbutton", { name: "Percent for v12" }).inputValue()).toBe("30");
    platform().stage(`PUT ${AT}/traffic`, undefined);
    const again = page.waitForRequest((request) => request.method() === "PUT");
    await page.getByRole("button", { name: "Save mine on top of it" }).click();
    expect((await again).headers()["if-match"]).toBe('"4"');
  });

  test("that somebody has begun to change is kept while a release begins and ends", async () => {
    const { page } = await go("/apps/hello-node/test/traffic");
    const percent = page.getByRole("spinbutton", { name: "Percent for v12" });
    await percent.fill("25");
    const released = { type: "app", app: "hello-node" } as const;
    stage(`GET ${AT}/releases`, { status: 200, body: { items: [releases.running, ...releases.ended] } });
    platform().change(released);
    await page.getByText("the split cannot be changed by hand until that ends").waitFor();
    await percent.waitFor({ state: "hidden" });
    platform().stage(`GET ${AT}/releases`, { status: 200, body: { items: releases.ended } });
    platform().change(released);
    await percent.waitFor();
    expect(await percent.inputValue()).toBe("25");
  });

  test("is explained for a request", async () => {
    const { page } = await go("/apps/hello-node/test/traffic");
    await page.getByRole("textbox", { name: "Headers, one a line" }).fill("no header");
    await page.getByText("Not a header: no header").waitFor();
    await page.getByRole("textbox", { name: "Headers, one a line" }).fill("x-user: carl");
    await page.getByRole("button", { name: "Explain" }).click();
    await page.getByText("there is no header x-user").waitFor();
  });

  test("is released step by step: where it is, what guards it, and one may go on or back", async () => {
    stage(`GET ${AT}/releases`, { status: 200, body: { items: [releases.running, ...releases.ended] } });
    const { page } = await go("/apps/hello-node/test/releases");
    await page.getByRole("heading", { name: "v12 is being released" }).waitFor();
    await page.getByRole("row", { name: /v12 new/ }).waitFor();
    await page.getByText(/The next step may come in/).waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    const report = page.getByRole("region", { name: "v12 against v11" });
    await report.getByRole("row", { name: /\/orders\?page=2 200 .* 500/ }).waitFor();
    await page.getByRole("button", { name: "No more copies" }).click();
    await expect.poll(() => platform().received.at(-1)?.route).toBe(`DELETE ${AT}/mirror`);
    stage(`GET ${AT}/mirror`, { status: 200, body: { ...releases.mirror, mirror: null, comparisons: [] } });
    platform().change({ type: "app", app: "hello-node" });
    await page.getByRole("checkbox", { name: "Also requests that change something" }).check();
    await page.getByText("its copy does once more").waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.getByRole("button", { name: "Copy to v12" }).click();
    const copied = { route: `PUT ${AT}/mirror`, body: { version: "v12", percent: 10, methods: "all" } };
    await expect.poll(() => platform().received.at(-1)).toEqual(copied);
    await page.getByRole("button", { name: "Go on to 50 % now" }).click();
    await expect.poll(() => platform().received.at(-1)?.route).toBe(`POST ${AT}/releases/continue`);
    stage(`POST ${AT}/releases/abort`, problem(403, "forbidden", "This takes the role releaser in the team default"));
    await page.getByRole("button", { name: "Abort and go back" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Abort and go back" }).click();
    await page.getByText("You may not do this").waitFor();
  });
});

describe.skipIf(skipReason !== null)("a request", () => {
  test("is sent from the page: what it got, and where its time went", async () => {
    const { page } = await go("/apps/hello-node/test/try");
    await page.getByRole("textbox", { name: "Path" }).fill("/items?a=1");
    await page.getByRole("textbox", { name: "Headers, one a line" }).fill("accept: application/json");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText('{"items":[]}').waitFor();
    await page.getByText("It waited for the start of hello-node-00012-0.").waitFor();
    await page.getByRole("img", { name: /^To the gateway 1 ms, .*The app's own start 180 ms/ }).waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    expect(platform().received.at(-1)).toEqual({
      route: "POST /apps/hello-node/environments/test/requests",
      body: { method: "GET", path: "/items?a=1", headers: [{ name: "accept", value: "application/json" }] },
    });
  });
});

describe.skipIf(skipReason !== null)("clusters", () => {
  test("tell how they are, are asked again, added and forgotten, by administrators", async () => {
    const { page, open } = await go("/clusters");
    await page.getByText("connect ETIMEDOUT 203.0.113.7:6443").waitFor();
    await page.getByRole("button", { name: "Ask it now: frankfurt" }).click();
    await expect.poll(() => platform().received.at(-1)?.route).toBe("POST /clusters/frankfurt/check");
    await page.getByRole("button", { name: "Forget it: frankfurt" }).click();
    await page.getByRole("textbox", { name: "Type frankfurt to confirm" }).fill("frankfurt");
    await page.getByRole("button", { name: "Forget it" }).click();
    await expect.poll(() => platform().received.at(-1)?.route).toBe("DELETE /clusters/frankfurt");
    await page.getByRole("textbox", { name: "Name" }).fill("paris");
    await page.getByRole("textbox", { name: "Gateway for its apps" }).fill("203.0.113.9:80");
    await page.getByText("Address and token").click();
    await page.getByRole("textbox", { name: "Address of its API" }).fill("https://203.0.113.9:6443");
    await page.getByLabel("Token of a ServiceAccount").fill("s3cret");
    await page.getByRole("button", { name: "Add a cluster" }).click();
    await expect
      .poll(() => platform().received.at(-1))
      .toEqual({
        route: "POST /clusters",
        body: { name: "paris", ingress: "203.0.113.9:80", server: "https://203.0.113.9:6443", token: "s3cret" },
      });
    await expect.poll(() => page.getByLabel("Token of a ServiceAccount").inputValue()).toBe("");
    stage("GET /me", { status: 200, body: { ...me, platformAdmin: false } });
    await open("/clusters");
    await page.getByRole("heading", { name: "frankfurt" }).waitFor();
    expect(await page.getByRole("button", { name: "Add a cluster" }).count()).toBe(0);
  });
});

describe.skipIf(skipReason !== null)("the platform", () => {
  test("tells which processes work on its database, which of them answers, and how each engine is", async () => {
    const { page } = await go("/status");
    await page.getByText("2 processes work on one database.").waitFor();
    const processes = page.getByRole("region", { name: "Platform processes" });
    await processes.getByRole("row", { name: /ebb-1 answers you now 10\.0\.0\.11:8443 0\.1\.0 .* ago .* 2$/ }).waitFor();
    expect(await processes.getByRole("row").count()).toBe(3);
    await page
      .getByRole("region", { name: "Engines" })
      .getByRole("row", { name: /frankfurt Does not answer/ })
      .waitFor();
    await page.getByText("connect ETIMEDOUT 203.0.113.7:6443").waitFor();
    await page.getByRole("link", { name: "All clusters" }).click();
    await page.waitForURL("**/clusters");
  });
});

describe.skipIf(skipReason !== null)("a terminal", () => {
  test("is offered to nobody who may not deploy, and where nothing runs a request that wakes it is", async () => {
    stage("GET /me", { status: 200, body: { ...me, platformAdmin: false, teams: [{ team: "default", role: "viewer" }] } });
    const { page, open } = await go("/apps/hello-node/test/terminal");
    await page.getByText("it takes the role that may deploy to test").waitFor();
    expect(await page.getByRole("button", { name: "Open a shell" }).count()).toBe(0);
    stage("GET /me", { status: 200, body: me });
    stage("GET /apps/hello-node/environments/test/instances", { status: 200, body: { items: [] } });
    await open("/apps/hello-node/test/terminal");
    await page.getByRole("button", { name: "Wake it with a request" }).click();
    await expect.poll(() => platform().received.at(-1)?.route).toBe("POST /apps/hello-node/environments/test/requests");
  });
});

describe.skipIf(skipReason !== null)("one's own", () => {
  test("token is shown once, and another is revoked after a question", async () => {
    const { page } = await go("/account");
    await page.getByRole("textbox", { name: "Name" }).fill("ci");
    await page.getByRole("button", { name: "Create a token" }).click();
    await page.getByText("ebb_once").first().waitFor();
    expect(platform().received).toContainEqual({ route: "POST /tokens", body: { name: "ci", scope: "deploy", days: 90 } });
    await page.getByRole("button", { name: "Revoke: laptop" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Revoke" }).click();
    await expect.poll(() => platform().received.map(({ route }) => route)).toContain("DELETE /tokens/t-1");
  });

  test("approval of what waits is asked of whoever opens it", async () => {
    const { page } = await go("/operations/op-waiting");
    await page.getByRole("row", { name: /variables\.LOG_LEVEL warn info/ }).waitFor();
    await page.getByText("1 of 2 given").waitFor();
    expect(await page.getByRole("button", { name: "Reject" }).isDisabled()).toBe(true);
    await page.getByRole("textbox", { name: /^Why/ }).fill("looks right");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Your vote is in.").waitFor();
    expect(platform().received).toContainEqual({ route: "POST /operations/op-waiting/approve", body: { why: "looks right" } });
  });
});

describe.skipIf(skipReason !== null)("an environment", () => {
  const AT = "/teams/default/environments/prod";

  test("shows what saving changes, and sends only that; freezes are added and lifted with their reason", async () => {
    const { page } = await go(AT);
    await page.getByRole("spinbutton", { name: "Others who must approve a change" }).fill("2");
    await page.getByText("Others who must approve a change: 1 → 2").waitFor();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await expect.poll(() => platform().received.at(-1)).toEqual({ route: `PATCH ${AT}`, body: { approvals: 2 } });
    await page.getByText("Add a freeze").first().click();
    await page.getByRole("textbox", { name: "Reason" }).fill("Moving house");
    await page.getByRole("textbox", { name: "From" }).fill("2099-03-01T10:00");
    await page.getByRole("textbox", { name: "To", exact: true }).fill("2099-03-02T10:00");
    await page.getByRole("button", { name: "Add a freeze" }).click();
    await expect.poll(() => platform().received.at(-1)?.body).toMatchObject({ freezes: [{}, {}, { why: "Moving house" }] });
    await page.getByRole("button", { name: "Lift: Year end" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Lift" }).click();
    await expect.poll(() => platform().received.at(-1)?.body).toMatchObject({ freezes: [{ why: "No releases at weekends" }] });
    await page.getByRole("button", { name: "Let it sleep now" }).click();
    await expect.poll(() => platform().received.at(-1)).toEqual({ route: `POST ${AT}/sleep`, body: { onRequest: "wake" } });
  });

  test("is deleted, or moved to another cluster, only after its name is typed, and by nobody but its administrators", async () => {
    const { page, open } = await go(AT);
    const button = page.getByRole("button", { name: "Delete for good" });
    await page.getByRole("textbox", { name: "Type prod to confirm" }).fill("pro");
    expect(await button.isDisabled()).toBe(true);
    await page.getByRole("textbox", { name: "Type prod to move it" }).fill("prod");
    await page.getByRole("button", { name: "Move to frankfurt" }).click();
    const moved = { route: "POST /teams/default/environments/prod/move", body: { cluster: "frankfurt" } };
    await expect.poll(() => platform().received.at(-1)).toEqual(moved);
    stage("GET /me", { status: 200, body: { ...me, platformAdmin: false } });
    await open(AT);
    await page.getByText("Only administrators of default change what is below.").waitFor();
    expect(await button.count()).toBe(0);
    expect(await page.getByRole("button", { name: /^Move to/ }).count()).toBe(0);
    expect(await page.getByRole("spinbutton", { name: "Others who must approve a change" }).isDisabled()).toBe(true);
  });
});

describe.skipIf(skipReason !== null)("a folder", () => {
  test("is packed in the browser, without what its ignore file names, and sent", async () => {
    const { path, remove } = await tempDir();
    await mkdir(join(path, "hello/lib"), { recursive: true });
    for (const [name, content] of Object.entries({ ".gitignore": "*.log", "server.js": "listen()", "lib/a.js": "1", "debug.log": "x" })) {
      await writeFile(join(path, "hello", name), content);
    }
    try {
      const { page } = await go("/deploy");
      await page.locator("input[webkitdirectory]").setInputFiles(join(path, "hello"));
      await page.getByText("hello: 3 files, 14 B").waitFor();
      await page.getByRole("button", { name: "Deploy", exact: true }).click();
      await page.waitForURL("**/operations/op-traffic");
      expect(platform().received.at(-1)).toMatchObject({ route: "POST /deployments", body: expect.stringMatching(/^\d+ bytes$/) });
    } finally {
      await remove();
    }
  });
});

describe.skipIf(skipReason !== null)("an upload", () => {
  test("tells how far it is, and cancelling it ends its connection", async () => {
    stage("POST /deployments", "hang");
    const { page } = await go("/deploy");
    const asked = page.waitForRequest((request) => request.method() === "POST");
    const ended = page.waitForEvent("requestfailed");
    // Its name is another while it is busy, and a moment longer.
    const send = page.locator("button[type=submit]").first();
    const buffer = Buffer.concat([Buffer.of(0x1f, 0x8b), Buffer.alloc(3 * 1024 * 1024)]);
    await page.locator("input[type=file][accept]").setInputFiles({ name: "big.tar.gz", mimeType: "application/gzip", buffer });
    await send.click();
    await asked;
    await page.getByText("3.0 MB sent; the platform stores it").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    expect((await ended).failure()?.errorText).toBe("net::ERR_ABORTED");
    await page.getByText("Cancelled: nothing was deployed.").waitFor();
    stage("POST /deployments", problem(413, "body_too_large", "The source is larger than 1 GiB"));
    await send.click();
    await page.getByText("The source is larger than 1 GiB").waitFor();
  });
});

describe.skipIf(skipReason !== null)("a promotion", () => {
  test("shows what differs before it is asked for, and goes to its operation", async () => {
    const { page } = await go("/apps/hello-node/test/promote?to=prod");
    const row = page.getByRole("row", { name: /variables\.LOG_LEVEL/ });
    await row.getByText("warn").waitFor();
    await row.getByText("info").waitFor();
    await page.getByRole("button", { name: "Promote v11 to prod" }).click();
    await page.waitForURL("**/operations/op-traffic");
    expect(platform().received).toContainEqual({
      route: "POST /apps/hello-node/environments/prod/promote",
      body: { from: "test", version: "v11" },
    });
  });

  test("to where nothing serves says that it is the first, and back again is one click", async () => {
    stage("GET /apps/hello-node/environments/prod/versions", { status: 200, body: { items: versions.slice(0, 2), next: null } });
    const { page, open } = await go("/apps/hello-node/test/promote");
    await page.getByText("Nothing serves in staging yet").waitFor();
    // One is still in the app, and its other environments are a click away.
    await page.getByRole("navigation", { name: "Sections of this app" }).getByRole("link", { name: "Versions", exact: true }).waitFor();
    await page.getByRole("group", { name: "Environment" }).getByRole("link", { name: "prod" }).click();
    await page.waitForURL("**/apps/hello-node/prod/promote");
    // The last one leads nowhere of itself.
    await page.getByText("prod is the last of test → staging → prod").waitFor();
    expect(await page.getByRole("button", { name: /^Promote v/ }).count()).toBe(0);
    await open("/apps/hello-node/test");
    await page.getByRole("button", { name: "Roll back" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Roll back" }).click();
    await page.waitForURL("**/operations/op-traffic");
  });
});

describe.skipIf(skipReason !== null)("somebody who was faster", () => {
  const AT = "/apps/hello-node/environments";
  const changed = { by: "grace", at: "2026-11-23T09:00:00Z", what: "traffic, operation op-9" };
  const refusal = { type: "about:blank", title: "Changed meanwhile", status: 412, code: "precondition_failed", detail: "It was", changed };

  const typed = { method: "POST", env: "test", anyway: "Save mine on top of it" };
  const clicked = { ...typed, anyway: "Do it anyway" };
  test.each([
    ["a release", { ...typed, route: "releases", path: "/test/releases", button: "Release v12" }],
    [
      "a promotion",
      { ...clicked, route: "promote", path: "/test/promote?to=prod&version=v11", button: "Promote v11 to prod", env: "prod" },
    ],
    ["a version for everybody", { ...clicked, route: "traffic", path: "/test/versions", button: "Send all", method: "PUT" }],
    ["a rollback", { ...clicked, route: "rollback", path: "/test", button: "Roll back" }],
    ["a restart", { ...clicked, route: "restart", path: "/test", button: "Restart" }],
  ])(
    "is not written over by %s: it says who did what, and goes on only when told to",
    async (what, { route, path, button, method, env, anyway }) => {
      const { page } = await go(`/apps/hello-node${path}`);
      await page.locator(".ant-skeleton").first().waitFor({ state: "detached" });
      if (what === "a release") await page.getByRole("textbox", { name: "Steps, percent" }).fill("20, 100");
      stage(`GET ${AT}/${env}`, {
        status: 200,
        body: {
          ...apps[0]?.environments[env === "test" ? 0 : 1],
          rules: releases.rules,
          revision: "9",
          traffic: [{ version: "v3", percent: 60 }],
        },
      });
      stage(`${method} ${AT}/${env}/${route}`, { status: 412, body: refusal });
      await page.getByRole("button", { name: button }).first().click();
      if (env === "test" && what !== "a release") await page.getByRole("alertdialog").getByRole("button").last().click();
      await page.getByText("Somebody has changed this meanwhile").waitFor();
      await page.getByText(/^grace, /).waitFor();
      await page.getByText(/^traffic\.v3: .* → 60$/).waitFor();
      if (what === "a release") expect(await page.getByRole("textbox", { name: "Steps, percent" }).inputValue()).toBe("20, 100");
      expect(await accessibilityFindings(page)).toEqual([]);
      platform().stage(`${method} ${AT}/${env}/${route}`, undefined);
      const again = page.waitForRequest((request) => request.method() === method && request.url().endsWith(route));
      await page.getByRole("button", { name: anyway }).click();
      expect((await again).headers()["if-match"]).toBe('"9"');
    },
  );
});

describe.skipIf(skipReason !== null)("two who deploy the same app", () => {
  const AT = "/apps/hello-node/environments/test";

  test("see each other: what is there, who is at it, and that one was faster, with all that was typed", async () => {
    const { page, open } = await go("/deploy?from=image");
    await page.getByRole("combobox", { name: "App name" }).fill("hello-node");
    await page.getByText("hello-node is in test already: this is its next version.").waitFor();
    await page.getByText(/^Right now: Deploy by admin, begun/).waitFor();
    await page.getByRole("textbox", { name: "Image" }).fill("ghcr.io/acme/hello:2");
    await page.getByRole("combobox", { name: "App name" }).fill("brand-new");
    await page.getByText("brand-new is a new app: this is its first version, in test.").waitFor();
    await open("/deploy?from=image&app=hello-node&env=test");
    await page.getByText("hello-node is in test already: this is its next version.").waitFor();
    await page.getByRole("textbox", { name: "Image" }).fill("ghcr.io/acme/hello:2");
    stage(`GET ${AT}`, {
      status: 200,
      body: { ...apps[0]?.environments[0], rules: [], revision: "9", traffic: [{ version: "v12", percent: 100 }] },
    });
    const changed = { by: "grace", at: "2026-11-23T09:00:00Z", what: "deploy, operation op-9" };
    stage("POST /deployments", {
      status: 412,
      body: { title: "Changed", status: 412, code: "precondition_failed", detail: "It was", changed },
    });
    const refused = page.waitForRequest((request) => request.method() === "POST");
    await page.getByRole("button", { name: "Deploy", exact: true }).click();
    expect((await refused).headers()["if-match"]).toBe('"3"');
    await page.getByText("Somebody has changed this meanwhile").waitFor();
    await page.getByText(/^grace, /).waitFor();
    expect(await page.getByRole("textbox", { name: "Image" }).inputValue()).toBe("ghcr.io/acme/hello:2");
    expect(await accessibilityFindings(page)).toEqual([]);
    platform().stage("POST /deployments", undefined);
    const again = page.waitForRequest((request) => request.method() === "POST");
    await page.getByRole("button", { name: "Save mine on top of it" }).click();
    expect((await again).headers()["if-match"]).toBe('"9"');
    await page.waitForURL("**/operations/op-traffic");
  });
});

describe.skipIf(skipReason !== null)("domains", () => {
  const AT = "/apps/hello-node/environments/test";

  test("say what each waits for, with the record to copy; the certificate is uploaded, and one goes when its name was typed", async () => {
    const { page, complaints } = await go("/apps/hello-node/test/domains");
    const card = (name: string) => page.getByRole("article", { name, exact: true });
    const first = card("a-rather-long-name-that-wraps.shop.example.com");
    await first.getByText("_ebb-challenge.a-rather-long-name-that-wraps.shop.example.com").waitFor();
    await first.getByRole("button", { name: "Copy: Value" }).waitFor();
    await first.getByText("Accept it without a proof").click();
    await first.getByRole("textbox", { name: "Why nobody can prove it" }).fill("in our own DNS");
    await first.getByRole("button", { name: /^Accept a-rather-long/ }).click();
    const accepted = { route: `POST ${AT}/domains/a-rather-long-name-that-wraps.shop.example.com/accept`, body: { why: "in our own DNS" } };
    await expect.poll(() => platform().received.at(-1)).toEqual(accepted);
    await card("shop.example.com").getByText("The domain does not lead here yet").first().waitFor();
    await card("shop.example.com").getByRole("button", { name: "Look now" }).click();
    await card("www.example.com").getByText("ACME, renews itself").waitFor();

    const old = card("old.example.com");
    await old.getByText("The certificate ends soon, and nothing renews it.").waitFor();
    await old.getByText("Upload a certificate").click();
    await old.getByRole("textbox", { name: "Certificate and chain" }).fill("-----BEGIN CERTIFICATE-----\nx");
    await old.getByRole("textbox", { name: "Private key" }).fill("-----BEGIN PRIVATE KEY-----\nx");
    await old.getByRole("button", { name: "Use this certificate" }).click();
    await old.getByText("Remove the domain", { exact: true }).first().click();
    await old.getByRole("textbox", { name: "Type old.example.com to remove it" }).fill("old.example.com");
    await old.getByRole("button", { name: "Remove the domain" }).click();
    await page.getByRole("textbox", { name: "Domain", exact: true }).fill("new.example.com");
    await page.getByRole("button", { name: "Add a domain" }).click();
    const sent = () => platform().received.map(({ route }) => route.replace(AT, ""));
    await expect
      .poll(sent)
      .toEqual(
        expect.arrayContaining([
          "POST /domains/shop.example.com/verify",
          "PUT /domains/old.example.com/certificate",
          "DELETE /domains/old.example.com",
          "POST /domains",
        ]),
      );
    expect(platform().received.find(({ route }) => route === `POST ${AT}/domains`)?.body).toEqual({
      name: "new.example.com",
      certificate: "acme",
      redirect: true,
    });
    expect(complaints).toEqual([]);
  });

  test("are nothing to change for who may not release there, say so when there are none, and when they cannot be had", async () => {
    stage(`GET ${AT}/domains`, { status: 200, body: { items: [] } });
    stage("GET /me", { status: 200, body: { ...me, platformAdmin: false, teams: [{ team: "default", role: "viewer" }] } });
    const { page, open } = await go("/apps/hello-node/test/domains");
    await page.getByText("No domain of your own yet.").waitFor();
    await page.getByText(/^Who may release here \(.+\) changes domains\.$/).waitFor();
    expect(await page.getByRole("button", { name: "Add a domain" }).count()).toBe(0);
    stage(`GET ${AT}/domains`, problem(503, "cluster_unavailable", "The cluster sleeps"));
    await open("/apps/hello-node/test/domains");
    await page.getByText("The cluster sleeps").waitFor();
  });

  test("that need somebody are on the first page", async () => {
    const attention = [
      { domain: "old.example.com", app: "hello-node", environment: "test", code: "certificate_expiring", message: "ends" },
    ];
    stage("GET /status", { status: 200, body: { ...status, attention } });
    const { page } = await go("/");
    await page.getByRole("link", { name: "old.example.com" }).click();
    await page.getByRole("article", { name: "old.example.com" }).waitFor();
  });
});

import type { Locator, Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { accessibilityFindings, DESK, follow, overflows, skipReason, type VisitOptions } from "./src/browser.ts";
import { trafficDone } from "./src/staged-data.ts";
import { PHONE, problem, stagedVisits } from "./src/staged-visits.ts";

/** Every page of the console. */
const PAGES = [
  "/",
  "/deploy",
  "/apps/hello-node/test",
  "/apps/hello-node/test/promote",
  "/apps/hello-node/test/versions",
  "/apps/hello-node/test/traffic",
  "/apps/hello-node/test/guard",
  "/apps/hello-node/test/releases",
  "/apps/hello-node/test/domains",
  "/apps/hello-node/test/scaling",
  "/apps/hello-node/test/scaling-policy",
  "/apps/hello-node/test/versions/v12",
  "/apps/hello-node/test/cold-starts",
  "/apps/hello-node/test/requests",
  "/apps/hello-node/test/try",
  "/apps/hello-node/test/logs",
  "/apps/hello-node/test/terminal",
  "/apps/hello-node/test/config",
  "/apps/hello-node/test/operations",
  "/apps/hello-node/test/events",
  "/apps/hello-node/test/settings",
  "/operations",
  "/operations/op-failed",
  "/operations/op-running",
  "/operations/op-waiting",
  "/operations/op-rollout",
  "/approvals",
  "/teams",
  "/teams/default",
  "/teams/default/configuration",
  "/teams/default/quota",
  "/teams/default/git",
  "/teams/default/previews",
  "/teams/default/environments/prod",
  "/teams/default/environments/prod/configuration",
  "/configuration",
  "/users",
  "/usage",
  "/account",
  "/audit",
  "/device?code=ABCD-EFGH",
  "/clusters",
  "/status",
  "/apps/hello-node/test/requests?request=r-orders",
  "/apps/hello-node/test/logs?from=2026-11-23T08:00:00Z&to=2026-11-23T10:00:00Z",
  "/apps/hello-node/test?from=2026-11-23T08:00:00Z",
  "/apps/hello-node/test/scaling-policy?over=1h&min=0&target=5",
  "/no/such/page",
];

const { stage, go } = stagedVisits();

describe.skipIf(skipReason !== null)("every page", () => {
  for (const [name, { options, taken }] of Object.entries({
    "in English, light, opened at a desk and taken to a phone": { options: {}, taken: PHONE },
    "in Chinese, dark, opened on a phone and taken to a desk": {
      options: { locale: "zh-CN", colorScheme: "dark", viewport: PHONE },
      taken: DESK,
    },
  } satisfies Record<string, { options: Partial<VisitOptions>; taken: typeof PHONE }>)) {
    test(`${name}: has a heading and a title, no serious accessibility finding, no complaint, and fits`, async () => {
      const { page, open, complaints } = await go("/", options);
      const opened = page.viewportSize() ?? DESK;
      for (const [index, path] of PAGES.entries()) {
        // Every other page is loaded anew; the rest is reached as by a link, which takes a fraction of the time.
        if (index % 2 === 0) await open(path);
        else await follow(page, path);
        await page.getByRole("heading", { level: 1 }).first().waitFor();
        await page.locator(".ant-skeleton").first().waitFor({ state: "detached" });
        expect(await page.title(), path).toMatch(/Ebb$/);
        for (const size of [opened, taken]) {
          await page.setViewportSize(size);
          expect(await page.getByRole("heading", { level: 1 }).count(), path).toBe(1);
          // What a phone shows is the same, in another order.
          if (size.width > PHONE.width) expect(await accessibilityFindings(page), path).toEqual([]);
          // A page that was made for another width takes a moment.
          await expect.poll(() => overflows(page), { message: `${path} is wider than a window of ${size.width} px` }).toBe(false);
        }
        await page.setViewportSize(opened);
      }
      expect(complaints).toEqual([]);
    });
  }

  test.each([
    ["/apps/hello-node/test/traffic", "GET /apps/hello-node/environments/test", "hello-node · test"],
    ["/apps/hello-node", "GET /apps/hello-node", "hello-node"],
    ["/operations/op-failed", "GET /operations/op-failed", "op-failed"],
    ["/teams/default", "GET /teams/default", "default"],
    ["/teams/default/environments/prod", "GET /teams/default/environments/prod", "prod"],
  ])("says where one is also when it cannot be had: %s", async (path, route, heading) => {
    stage(route, problem(403, "forbidden", "This takes the role viewer in the team default"));
    const { page } = await go(path);
    await page.getByText("This takes the role viewer in the team default").first().waitFor();
    expect(await page.getByRole("heading", { level: 1 }).allTextContents()).toEqual([heading]);
    expect(await page.title()).toBe(`${heading} · Ebb`);
  });

  test("where one deploys says that the teams cannot be had", async () => {
    stage("GET /teams", problem(500, "internal_error", "The teams are lost"));
    const { page } = await go("/deploy");
    await page.getByText("The teams are lost").waitFor();
  });

  test("can be walked through with the keyboard alone", async () => {
    const { page } = await go("/");
    await page.getByRole("link", { name: "hello-python", exact: true }).waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the content");
    const reached = new Set<string>();
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate<string>("document.activeElement.textContent || document.activeElement.getAttribute('aria-label')"));
    }
    for (const wanted of ["Apps", "Operations", "Platform", "中文", "Deploy", "hello-node"]) expect([...reached]).toContain(wanted);
  });
});

describe.skipIf(skipReason !== null)("the keyboard alone", () => {
  /** Presses Tab until that has the focus. */
  async function tabTo(page: Page, wanted: Locator): Promise<void> {
    for (let pressed = 0; pressed < 150; pressed++) {
      await page.keyboard.press("Tab");
      if (await wanted.evaluate((element) => element === element.ownerDocument.activeElement)) return;
    }
    throw new Error(`Tab never came to ${wanted.toString()}`);
  }

  test("leads from the apps to one, its traffic, its releases, and begins one", async () => {
    stage("GET /apps/hello-node/environments/test/releases", { status: 200, body: { items: [] } });
    const { page } = await go("/");
    await page.getByRole("link", { name: "hello-node", exact: true }).waitFor();
    await tabTo(page, page.getByRole("link", { name: "hello-node", exact: true }));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Where requests go" }).waitFor();
    for (const [link, heading] of [
      ["Traffic", "Which version would a request get?"],
      ["Releases", "Release a version step by step"],
    ] as const) {
      await tabTo(page, page.getByRole("link", { name: link, exact: true }));
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: heading }).waitFor();
    }
    await tabTo(page, page.getByRole("button", { name: "Release v12" }));
    const begun = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/releases"));
    await page.keyboard.press("Enter");
    await begun;
  });

  test("deploys an image, rolls back, approves, and deletes an app", async () => {
    stage("DELETE /apps/hello-node", { status: 202, body: trafficDone });
    // A link that has the focus for a moment asks for its page; of that one nothing is staged.
    const { page, open, complaints } = await go("/deploy?from=image", { expected: /404 .*\/environments\/prod\// });
    const asked = (method: string, path: string) => page.waitForRequest((one) => one.method() === method && one.url().endsWith(path));
    await tabTo(page, page.getByRole("textbox", { name: "Image" }));
    await page.keyboard.type("ghcr.io/team/app:1.2");
    await tabTo(page, page.getByRole("combobox", { name: "App name" }));
    await page.keyboard.type("hello-node");
    const deployed = asked("POST", "/deployments");
    await page.keyboard.press("Enter");
    expect((await deployed).postDataJSON()).toMatchObject({ image: "ghcr.io/team/app:1.2", name: "hello-node" });

    await open("/apps/hello-node/test");
    await tabTo(page, page.getByRole("button", { name: "Roll back" }));
    await page.keyboard.press("Enter");
    await page.getByRole("alertdialog", { name: /^Send all requests/ }).waitFor();
    await tabTo(page, page.getByRole("alertdialog").getByRole("button", { name: "Roll back" }));
    const back = asked("POST", "/rollback");
    await page.keyboard.press("Enter");
    await back;

    await open("/operations/op-waiting");
    await tabTo(page, page.getByRole("button", { name: "Approve" }));
    const approved = asked("POST", "/approve");
    await page.keyboard.press("Space");
    await approved;
    await page.getByRole("status").filter({ hasText: "Your vote is in." }).waitFor();

    await open("/apps/hello-node/test/settings");
    await tabTo(page, page.getByRole("textbox", { name: "Type hello-node to confirm" }));
    await page.keyboard.type("hello-nod");
    expect(await page.getByRole("button", { name: "Delete for good" }).isDisabled()).toBe(true);
    await page.keyboard.type("e");
    await tabTo(page, page.getByRole("button", { name: "Delete for good" }));
    const deleted = asked("DELETE", "/apps/hello-node");
    await page.keyboard.press("Enter");
    await deleted;
    expect(complaints).toEqual([]);
  });
});

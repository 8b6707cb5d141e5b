import { describe, expect, test } from "vitest";
import { accessibilityFindings, skipReason } from "./src/browser.ts";
import { apps, decisions, logRecords, status } from "./src/staged-data.ts";
import { explainedRequest, recentRequests } from "./src/staged-tries.ts";
import { PHONE, problem, stagedVisits } from "./src/staged-visits.ts";

const { platform, stage, go } = stagedVisits();
const PLACE = "/apps/hello-node/test";
const AT = "/apps/hello-node/environments/test";

describe.skipIf(skipReason !== null)("a time from and to", () => {
  test("is chosen for an app's numbers, asked for as it is, and in the address", async () => {
    const { page, complaints } = await go(PLACE, { timezoneId: "Europe/Berlin" });
    await page.getByText("From – to", { exact: true }).click();
    await page.waitForURL(/[?&]from=.*&to=/);
    await page.getByLabel("From", { exact: true }).fill("2026-11-23T10:00");
    await page.getByLabel("To", { exact: true }).fill("2026-11-23T09:00");
    await page.getByText("The end is before the beginning.").waitFor();
    expect(await page.getByRole("button", { name: "Show" }).isDisabled()).toBe(true);
    await page.getByLabel("To", { exact: true }).fill("2026-11-23T12:30");
    const asked = page.waitForRequest((request) => request.url().includes("/metrics?from=2026-11-23T09"));
    await page.getByLabel("To", { exact: true }).press("Enter");
    const { searchParams } = new URL((await asked).url());
    expect([searchParams.get("from"), searchParams.get("to")]).toEqual(["2026-11-23T09:00:00.000Z", "2026-11-23T11:30:00.000Z"]);
    await page.getByRole("img", { name: /^Requests per second, Nov 23, 2026, 10:00:00 GMT\+1 to / }).waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.reload();
    expect(await page.getByLabel("To", { exact: true }).inputValue()).toBe("2026-11-23T12:30");
    await page.getByText("1 hour", { exact: true }).click();
    await page.waitForURL(`**${PLACE}`);
    expect(complaints).toEqual([]);
  });

  test("of the log is read once and said to be all; what went wrong is tried again", async () => {
    stage(`GET ${AT}/logs`, problem(500, "internal_error", "The disk is gone"));
    const asked: string[] = [];
    const { page } = await go("/");
    page.on("request", (request) => {
      if (request.url().includes("/logs?")) asked.push(new URL(request.url()).search);
    });
    await page.goto(`${PLACE}/logs?from=2026-11-23T09:00:00Z&to=2026-11-23T10:00:00Z`);
    await page.getByText("The disk is gone").waitFor();
    platform().stage(`GET ${AT}/logs`, { lines: logRecords(3), close: true });
    await page.getByText("all of this time · 3 lines").waitFor();
    expect(await page.getByRole("button", { name: "Pause" }).count()).toBe(0);
    expect(asked.at(-1)).toBe("?follow=true&since=2026-11-23T09%3A00%3A00.000Z&until=2026-11-23T10%3A00%3A00.000Z&tail=50000");
    platform().stage(`GET ${AT}/logs`, { lines: [], close: true });
    await page.getByLabel("To", { exact: true }).fill("2026-11-23T11:00");
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByText("Nothing that is still kept was written in this time.").waitFor();
    await page.getByText("Live", { exact: true }).click();
    await page.waitForURL(`**${PLACE}/logs`);
  });

  test("of the log that is not over yet is followed, and taken up where it ends before its time", async () => {
    stage(`GET ${AT}/logs`, { lines: logRecords(1), close: true });
    const { page } = await go("/");
    const asked = page.waitForRequest((request) => request.url().includes(`${AT}/logs?`));
    await page.clock.setFixedTime("2026-11-23T09:59:00Z");
    await page.goto(`${PLACE}/logs?from=2026-11-23T09:00:00Z&to=2026-11-23T10:00:00Z`);
    await page.getByText("live · 1 line").waitFor();
    expect(new URL((await asked).url()).searchParams.get("follow")).toBe("true");
    platform().stage(`GET ${AT}/logs`, { lines: logRecords(1, 1), close: true });
    await page.getByText("live · 2 lines").waitFor();
    await page.clock.setFixedTime("2026-11-23T10:00:01Z");
    await page.getByText("all of this time · 2 lines").waitFor();
  });

  test("of the autoscaler's journal leaves out what was decided before and after", async () => {
    const times = decisions.map(({ time }) => Date.parse(time)).toSorted((a, b) => a - b);
    const [first = 0] = times;
    const { page } = await go(`${PLACE}/scaling?from=${new Date(first + 1).toISOString()}`);
    await page.getByRole("region", { name: "Decisions of the autoscaler" }).waitFor();
    const later = times.filter((time) => time > first).length;
    expect(await page.getByRole("region", { name: "Decisions of the autoscaler" }).getByRole("row").count()).toBe(later + 1);
    await page.goto(`${PLACE}/scaling?from=2099-01-01T00:00:00Z`);
    await page.getByText("Nothing was decided on this app in this time").waitFor();
  });
});

describe.skipIf(skipReason !== null)("recent requests", () => {
  test("are narrowed by version and words, explained, and tried again", async () => {
    stage(`GET ${AT}/explain`, { status: 200, body: explainedRequest });
    const { page, complaints } = await go(`${PLACE}/requests`);
    await page.getByText("6 in all").waitFor();
    await page.getByRole("textbox", { name: /^Find by method/ }).fill("get /a");
    await page.getByText("1 of 6").waitFor();
    await page.waitForURL("**/requests?q=get+%2Fa");
    await page.getByRole("textbox", { name: /^Find by method/ }).fill("");
    const items = recentRequests.items.filter(({ version }) => version === "v12");
    stage(`GET ${AT}/requests`, { status: 200, body: { recorded: true, items } });
    const narrowed = page.waitForRequest((request) => request.url().includes("/requests?") && request.url().includes("version=v12"));
    await page.getByRole("combobox", { name: "Version" }).click();
    await page.getByTitle("v12", { exact: true }).last().click();
    await narrowed;
    await page.getByText("2 in all").waitFor();
    const asked = page.waitForRequest((request) => request.url().includes("/explain?request=r-orders"));
    await page.getByRole("button", { name: "Why there: POST /orders" }).click();
    await asked;
    await page.waitForURL("**/requests?version=v12&request=r-orders");
    await page.getByText("rule 1 fits: the user ann").waitFor();
    await page.getByText("Taken as absent, since its value was not kept: the cookie session").waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.getByRole("link", { name: "Try it: POST /orders" }).click();
    // Neither values nor the query: an address is kept, sent on and logged.
    await page.waitForURL("**/try?request=r-orders");
    await page.getByRole("button", { name: "Send" }).click();
    await expect
      .poll(() => platform().received.findLast(({ route }) => route === `POST ${AT}/requests`)?.body)
      .toEqual({
        method: "POST",
        path: "/orders",
        headers: [
          { name: "x-user", value: "ann" },
          { name: "cookie", value: "stage=beta" },
        ],
      });
    expect(complaints).toEqual([]);
  });

  test("that failed are asked for apart, at an address, with why no instance answered", async () => {
    const { page } = await go(`${PLACE}/requests`);
    const asked = page.waitForRequest((request) => request.url().includes("/requests?status=failed"));
    await page.getByRole("combobox", { name: "Status" }).click();
    await page.getByTitle("Failed", { exact: true }).last().click();
    await asked;
    await page.waitForURL("**/requests?status=failed");
    await page.getByRole("row", { name: /GET \/report.*request timeout.*504.*5 min/ }).waitFor();
    await page.getByRole("row", { name: /GET \/export.*200 broken off/ }).waitFor();
    stage(`GET ${AT}/requests`, { status: 200, body: { recorded: true, items: [] } });
    await page.getByText("No request failed that is still remembered").waitFor();
  });

  test("say when there are none, when the cluster keeps none, and when one is forgotten", async () => {
    stage(`GET ${AT}/requests`, { status: 200, body: { recorded: true, items: [] } });
    stage(`GET ${AT}/explain`, problem(404, "request_not_found", "No request gone to hello-node is remembered"));
    const { page, open } = await go(`${PLACE}/requests?request=gone`);
    await page.getByText("No request is remembered yet").waitFor();
    await page.getByText("No request gone to hello-node is remembered").waitFor();
    stage(`GET ${AT}/requests`, { status: 200, body: { recorded: false, items: [] } });
    await open(`${PLACE}/requests`);
    await page.getByText("This cluster keeps no requests").waitFor();
  });

  test("by the thousand stand as cards on a phone, with nothing around those that are drawn", async () => {
    const items = Array.from({ length: 400 }, (_, index) => ({ ...explainedRequest.request, id: `r${index}`, path: `/items/${index}` }));
    stage(`GET ${AT}/requests`, { status: 200, body: { recorded: true, items } });
    const { page } = await go(`${PLACE}/requests`, { viewport: PHONE });
    await page.getByText("POST /items/0", { exact: true }).waitFor();
    const gap = "document.querySelector('.table-gap:last-child')";
    await expect
      .poll(() => page.evaluate<number>(`${gap}.getBoundingClientRect().height - Number.parseFloat(${gap}.firstElementChild.style.height)`))
      .toBeCloseTo(0, 0);
  });
});

describe.skipIf(skipReason !== null)("an app's configuration", () => {
  test("goes back to an earlier version's variables: filled in, shown, and only then applied", async () => {
    const { page, complaints } = await go(`${PLACE}/config`);
    await page.getByRole("combobox", { name: "Go back to the variables of" }).click();
    await page.getByTitle("v12", { exact: true }).last().click();
    await page.getByText("Filled in as v12 had them").waitFor();
    await page.getByText("Different then: DB_PASSWORD.").waitFor();
    await page.getByText("will be removed").first().waitFor();
    expect(platform().received.filter(({ route }) => route.startsWith(`PATCH ${AT}/configuration`))).toEqual([]);
    await page.getByRole("button", { name: "See what changes" }).click();
    await page.getByRole("heading", { name: "What applying does" }).waitFor();
    expect(platform().received.findLast(({ route }) => route === `POST ${AT}/configuration/plan`)?.body).toEqual({
      variables: { DATABASE_URL: null, FEATURE_FLAGS: null, GREETING: null, REGION: null },
    });
    expect(await accessibilityFindings(page)).toEqual([]);
    await page.getByRole("button", { name: "Apply" }).click();
    await expect.poll(() => platform().received.findLast(({ route }) => route === `PATCH ${AT}/configuration`)).toBeDefined();
    expect(complaints).toEqual([]);
  });
});

describe.skipIf(skipReason !== null)("the first page", () => {
  test("says when the disk is about to be full, and how much of it is left", async () => {
    stage("GET /status", { status: 200, body: { ...status, disk: { ...status.disk, state: "full", free: 5 * 1024 * 1024 } } });
    const { page, open } = await go("/");
    await page.getByText("The disk of Ebb's data folder is full (5.0 MB left)").waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    stage("GET /status", { status: 200, body: { ...status, disk: { ...status.disk, state: "ok" } } });
    await open("/");
    await page.getByRole("link", { name: "hello-node", exact: true }).waitFor();
    expect(await page.getByText("5.0 MB").count()).toBe(0);
  });

  test("loses no letter of a search that is typed fast, and follows a link that clears it", async () => {
    const [first] = apps;
    const many = Array.from({ length: 2_000 }, (_, index) => ({ ...first, name: `app-${String(index).padStart(4, "0")}` }));
    stage("GET /apps", { status: 200, body: { items: many } });
    const { page } = await go("/");
    const search = page.getByRole("searchbox");
    const words = "app-1234567890-and-so-on-until-the-end";
    await search.pressSequentially(words);
    expect(await search.inputValue()).toBe(words);
    await page.waitForURL(`**/?q=${words}`);
    await page.getByRole("link", { name: "Apps", exact: true }).click();
    await page.waitForURL("**/");
    await expect.poll(() => search.inputValue()).toBe("");
  });
});

describe.skipIf(skipReason !== null)("the audit trail", () => {
  test("is filtered by an address, and says where its chain is broken", async () => {
    const { page } = await go("/audit");
    await page.getByText("app/hello-node").first().waitFor();
    await page.getByText("Before and after").first().click();
    const changed = page.getByRole("region", { name: "Before and after" }).first();
    await changed.getByRole("row", { name: "v12 not set 10" }).waitFor();
    await page.getByRole("textbox", { name: "Who" }).fill("ada");
    await page.getByRole("button", { name: "Filter" }).click();
    await page.waitForURL("**/audit?actor=ada");
    // Back to all of it, while one is in the middle of a word.
    await page.getByRole("textbox", { name: "Object" }).fill("app/");
    await page.goBack();
    await page.waitForURL("**/audit");
    expect(await page.getByRole("textbox", { name: "Object" }).inputValue()).toBe("app/");
    await page.getByRole("button", { name: "Verify the chain" }).click();
    await page.getByText("The trail is broken at row 2: its hash is another").waitFor();
  });
});

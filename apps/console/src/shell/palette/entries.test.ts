import type { App } from "@ebb/api";
import { describe, expect, test } from "vitest";
import { en } from "../../i18n/en.ts";
import { entriesOf, found } from "./entries.ts";

const app = (name: string, environments: string[]) =>
  ({
    name,
    environments: environments.map((environment) => ({ environment, traffic: [{ version: "v3", percent: 100 }], latestVersion: "v4" })),
  }) as unknown as App;
const entries = entriesOf([app("shop", ["test", "prod"]), app("shop-admin", ["test"])], [{ name: "web", environments: ["qa"] }], en);
const titles = (query: string) => found(entries, query, 4).map(({ title }) => title);

test("operations, domains and people are found by what they are about", () => {
  const operation = { id: "x7k2", kind: "deploy", app: "shop", environment: "prod", version: "v3", state: "failed" } as const;
  const more = entriesOf([], [], en, {
    users: [{ name: "ada", displayName: "Ada Lovelace" }],
    operations: [operation],
    domains: [{ displayName: "www.example.com", app: "shop", environment: "prod" }],
  });
  const href = (query: string) => found(more, query, 1)[0]?.href;
  expect([href("x7k2"), href("deploy shop failed")]).toEqual(["/operations/x7k2", "/operations/x7k2"]);
  expect([href("lovelace"), href("example.com")]).toEqual(["/users", "/apps/shop/prod/domains"]);
});

describe("finding", () => {
  test.each([
    [
      "an app by its beginning, the shorter name first, its environments in the order of the chain",
      "shop",
      ["shop", "shop test", "shop prod", "shop-admin"],
    ],
    ["a version by words in any order", "v3 prod", ["shop prod v3"]],
    ["what to do", "promote shop prod", ["Promote shop prod"]],
    ["a team and its environments", "web", ["web", "web qa: environment"]],
    ["whatever the case", "DEPLOY", ["Deploy an app"]],
    ["nothing where a word is missing", "shop nowhere", []],
  ])("%s", (_name, query, expected) => expect(titles(query)).toEqual(expected));

  test("gives what is first without a query, and no more than asked for", () => {
    expect(found(entries, " ", 2).map(({ title }) => title)).toEqual(["shop", "shop test"]);
  });
});

import type { App } from "@ebb/api";
import { expect, test } from "vitest";
import { environmentsOf } from "./columns.ts";

const app = (...names: string[]) => ({ environments: names.map((environment) => ({ environment })) }) as App;

test.each([
  ["nothing", [], []],
  ["one app's chain", [app("test", "prod")], ["test", "prod"]],
  [
    "a stage that only some have is between its neighbours",
    [app("test", "prod"), app("test", "staging", "prod")],
    ["test", "staging", "prod"],
  ],
  ["apps in one environment each", [app("prod"), app("test", "prod")], ["test", "prod"]],
  ["apps without any", [app(), app("test")], ["test"]],
])("columns of %s", (_, apps, columns) => expect(environmentsOf(apps)).toEqual(columns));

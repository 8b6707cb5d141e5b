import { expect, test } from "vitest";
import { appNameFrom, appNameFromImage } from "./app-name.ts";

test("any folder gives a valid name, as near as it can", () => {
  const cases: [string, string][] = [
    ["hello", "hello"],
    ["My App_2", "my-app-2"],
    ["2048-game", "game"],
    ["Café", "cafe"],
    ["店", "app"],
    ["-x-", "x"],
    ["", "app"],
    [`${"a".repeat(51)}-b`, "a".repeat(51)],
  ];
  for (const [text, name] of cases) expect(appNameFrom(text)).toBe(name);
  expect(["nginx", "docker.io/library/nginx:1", "localhost:5000/a/web@sha256:00", "ghcr.io/x/y.z"].map(appNameFromImage)).toEqual([
    "nginx",
    "nginx",
    "web",
    "y-z",
  ]);
});

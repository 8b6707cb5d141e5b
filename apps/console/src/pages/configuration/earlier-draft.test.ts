import { expect, test } from "vitest";
import { itemsOfApp, patchOf } from "./config-draft.ts";
import { earlierDraft } from "./earlier-draft.ts";

const items = itemsOfApp({
  fault: null,
  items: [
    { name: "SAME", kind: "variable", text: "${REGION}!", value: "eu!", layer: "app", over: [] },
    { name: "OTHER", kind: "variable", text: "2", value: "2", layer: "team", over: [] },
    { name: "CAME", kind: "variable", text: "x", value: "x", layer: "app", over: [] },
    { name: "HIDDEN", kind: "hidden", text: null, value: null, layer: "app", over: ["team"] },
    { name: "URL", kind: "variable", text: "pg://${PASSWORD}", value: null, layer: "app", over: [] },
    { name: "PASSWORD", kind: "secret", text: null, value: null, layer: "app", over: [] },
    { name: "NEW_KEY", kind: "secret", text: null, value: null, layer: "app", over: [] },
  ],
});

test("a version's variables come back: those that were changed, gone or hidden since are set, those that came since go", () => {
  const { draft, secrets } = earlierDraft(items, [
    { path: "port", value: "8080" },
    { path: "variables.SAME", value: "eu!" },
    { path: "variables.OTHER", value: "1" },
    { path: "variables.HIDDEN", value: "seen" },
    { path: "variables.GONE", value: "costs ${5}" },
    { path: "secrets.URL", value: "set" },
    { path: "secrets.PASSWORD", value: "set" },
    { path: "secrets.OLD_KEY", value: "set" },
  ]);
  expect(patchOf(items, draft)).toEqual({ variables: { OTHER: "1", HIDDEN: "seen", CAME: null, GONE: "costs $${5}" } });
  expect(secrets).toEqual(["NEW_KEY", "OLD_KEY"]);
});

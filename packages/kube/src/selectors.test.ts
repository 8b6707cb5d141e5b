import { describe, expect, test } from "vitest";
import { parseFieldSelector } from "./field-selector.ts";
import { ConfigMaps, Events, Pods } from "./kinds/core.ts";
import { parseLabelSelector } from "./label-selector.ts";
import type { KubeObject } from "./meta.ts";

describe("label selectors", () => {
  const labels = { app: "web", tier: "front", replicas: "3", "ebb.dev/x": "" };
  test.each([
    ["", true],
    ["app=web", true],
    ["app==web", true],
    ["app = web , tier!=back", true],
    ["app=other", false],
    ["app!=web", false],
    ["missing!=web", true],
    ["app in (api, web)", true],
    ["app notin (api,web)", false],
    ["missing notin (api)", true],
    ["missing in (api)", false],
    ["app", true],
    ["missing", false],
    ["!missing", true],
    ["!app", false],
    ["ebb.dev/x=", true],
    ["replicas>2,replicas<4", true],
    ["replicas>3", false],
    ["app>1", false],
    ["app in (web),tier=front,!missing", true],
  ])("%s: %s", (selector, expected) => {
    expect(parseLabelSelector(selector)(labels)).toBe(expected);
  });

  test("an object without labels", () => {
    expect(parseLabelSelector("!a")(undefined)).toBe(true);
    expect(parseLabelSelector("a=b")(undefined)).toBe(false);
  });

  test.each(["a=b=c", "a in b", "=b", "a in (b", "a b", ",", "a=-", "a>x", `${"k".repeat(64)}=v`])("%s is refused", (selector) => {
    expect(() => parseLabelSelector(selector)).toThrow("unable to parse requirement");
  });
});

describe("field selectors", () => {
  const pod = { metadata: { name: "p", namespace: "n" }, spec: { nodeName: "a,b" }, status: { phase: "Running" } } as KubeObject;
  test.each([
    ["metadata.name=p,metadata.namespace==n", true],
    ["status.phase!=Running", false],
    ["spec.nodeName=a\\,b", true],
    ["status.podIP=", true],
    ["", true],
  ])("%s: %s", (selector, expected) => {
    expect(parseFieldSelector(Pods, selector)(pod)).toBe(expected);
  });

  test("an event by what it is about and by its source", () => {
    const event = { metadata: { name: "e" }, involvedObject: { uid: "u" }, source: { component: "c" } } as unknown as KubeObject;
    expect(parseFieldSelector(Events, "involvedObject.uid=u,source=c")(event)).toBe(true);
  });

  test("only what Kubernetes selects by", () => {
    expect(() => parseFieldSelector(ConfigMaps, "data.a=b")).toThrow("field label not supported: data.a");
    expect(() => parseFieldSelector(Pods, "nonsense")).toThrow("can't understand");
  });
});

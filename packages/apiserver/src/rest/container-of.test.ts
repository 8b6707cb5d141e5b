import type { Pod } from "@ebb/kube";
import { expect, test } from "vitest";
import { containerOf } from "./container-of.ts";

const pod = (...names: string[]): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p" },
  spec: { containers: names.map((name) => ({ name, image: "i" })) },
});

test.each<[string, Pod, string | null, string]>([
  ["the only one is meant", pod("app"), null, "app"],
  ["so is the one beside a queue-proxy", pod("app", "queue-proxy"), null, "app"],
  ["a queue-proxy is meant where it is named", pod("app", "queue-proxy"), "queue-proxy", "queue-proxy"],
])("%s", (_, of, wanted, container) => {
  expect(containerOf(of, wanted)).toBe(container);
});

test("of several, one must be named", () => {
  expect(() => containerOf(pod("app", "side", "queue-proxy"), null)).toThrow("choose one of: [app side queue-proxy]");
});

import { describe, expect, test } from "vitest";
import type { Container } from "@ebb/kube";
import { revision } from "../testing.ts";
import { withVarLog } from "./var-log.ts";

const collected = (...containers: Container[]) => withVarLog(revision(1, undefined, { spec: { containers } })).spec;

describe("withVarLog", () => {
  test("each container has a folder of its own in one volume, and knows whose it is", () => {
    const { containers, volumes } = collected(
      { name: "app", image: "a" },
      { name: "log", image: "b", volumeMounts: [{ name: "v", mountPath: "/v" }] },
    );
    expect(volumes).toEqual([{ name: "knative-var-log", emptyDir: {} }]);
    expect(containers.map(({ volumeMounts }) => volumeMounts?.at(-1))).toEqual([
      { name: "knative-var-log", mountPath: "/var/log", subPath: "app" },
      { name: "knative-var-log", mountPath: "/var/log", subPath: "log" },
    ]);
    expect(containers[0]?.env?.map(({ name }) => name)).toEqual(["K_INTERNAL_POD_NAME", "K_INTERNAL_POD_NAMESPACE"]);
  });
  test("one that mounts something there itself keeps that", () => {
    const own = { name: "app", image: "a", volumeMounts: [{ name: "v", mountPath: "/var/log" }] };
    expect(collected(own).containers).toEqual([own]);
  });
  test("a bundle stays as it is", () => {
    const bundle = { name: "app", image: `bundle.ebb.local/x@sha256:${"a".repeat(64)}` };
    expect(collected(bundle)).toEqual(revision(1, undefined, { spec: { containers: [bundle] } }).spec);
  });
});

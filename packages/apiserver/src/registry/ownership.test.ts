import type { KubeObject } from "@ebb/kube";
import { expect, test } from "vitest";
import { ignoringTimes } from "./ownership.ts";

const entry = (manager: string, second: number) => ({
  manager,
  operation: "Apply",
  apiVersion: "v1",
  time: `2026-01-01T00:00:0${second}Z`,
  fieldsType: "FieldsV1",
  fieldsV1: { "f:data": { "f:a": {} } },
});

const map = (data: object, managedFields: unknown[], resourceVersion = "7") =>
  ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "m", resourceVersion, managedFields }, data }) as unknown as KubeObject;

test("whoever applies again what is there has written nothing, whenever it is; all else is new, with its times", () => {
  const current = map({ a: "1" }, [entry("x", 1), entry("y", 1)]);
  expect(ignoringTimes(current, map({ a: "1" }, [entry("x", 1), entry("y", 9)], ""))).toEqual(current);
  for (const next of [
    map({ a: "2" }, [entry("x", 1), entry("y", 9)]),
    map({ a: "1" }, [entry("x", 1), entry("z", 9)]),
    map({ a: "1" }, [entry("x", 9)]),
  ])
    expect(ignoringTimes(current, next)).toBe(next);
});

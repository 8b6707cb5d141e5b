import { describe, expect, test } from "vitest";
import type { JsonObject } from "../patch.ts";
import type { Schema } from "../schema.ts";
import { schemaOf } from "../schemas.ts";
import { formatPath, setOf, type FieldSet } from "./field-set.ts";
import { parseManagedFields, type ManagedFieldsEntry } from "./managed-fields.ts";
import { applyConfiguration, trackUpdate, type Applied } from "./track.ts";

const DEPLOYMENT = schemaOf({ group: "apps", version: "v1", kind: "Deployment" });
const NOW = "2026-01-01T00:00:00Z";
const NONE: Applied = { object: { apiVersion: "apps/v1", kind: "Deployment", metadata: {} }, entries: [] };

/** A small history: each step is somebody's write, as the registry would make it. */
function history(schema: Schema = DEPLOYMENT, start: Applied = NONE) {
  let state = start;
  const tracked = (manager: string, operation: "Apply" | "Update") => ({
    schema,
    live: state.object,
    entries: state.entries,
    manager: { manager, operation, apiVersion: "apps/v1" },
    now: NOW,
  });
  const steps = {
    apply(manager: string, applied: JsonObject, force = false) {
      state = applyConfiguration({ ...tracked(manager, "Apply"), applied, force });
      return steps;
    },
    update(manager: string, next: JsonObject) {
      state = { object: next, entries: trackUpdate(tracked(manager, "Update"), next) };
      return steps;
    },
    get object() {
      return state.object;
    },
    owns(manager: string): FieldSet | undefined {
      return state.entries.find((entry: ManagedFieldsEntry) => entry.manager === manager)?.fieldsV1;
    },
  };
  return steps;
}

const spec = (value: JsonObject): JsonObject => ({ spec: value });
const containers = (...items: JsonObject[]): JsonObject => spec({ template: { spec: { containers: items } } });
const at = (...path: string[]) => ["f:spec", "f:template", "f:spec", ...path];

describe("apply", () => {
  test("claims leaves, items and map keys; not the structs that lead to them, nor what names the object", () => {
    const { owns } = history().apply("a", {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "d", namespace: "n", labels: { x: "1" } },
      ...containers({ name: "c", image: "i", ports: [{ containerPort: 80 }], args: ["x"] }),
    });
    expect(owns("a")).toEqual({
      "f:metadata": { "f:labels": { "f:x": {} } },
      "f:spec": {
        "f:template": {
          "f:spec": {
            "f:containers": {
              'k:{"name":"c"}': {
                ".": {},
                "f:args": {},
                "f:image": {},
                "f:name": {},
                "f:ports": { 'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} } },
              },
            },
          },
        },
      },
    });
  });

  test("takes out what its manager applies no more", () => {
    const steps = history()
      .apply("a", spec({ replicas: 1, paused: true }))
      .apply("a", spec({ replicas: 1 }));
    expect(steps.object["spec"]).toEqual({ replicas: 1 });
    expect(steps.apply("a", {}).object).not.toHaveProperty("spec");
  });

  test("leaves what another manager owns too, and hands it to that one", () => {
    const steps = history()
      .apply("a", spec({ replicas: 1 }))
      .apply("b", spec({ replicas: 1 }))
      .apply("a", {});
    expect(steps.object["spec"]).toEqual({ replicas: 1 });
    expect([steps.owns("a"), steps.owns("b")]).toEqual([undefined, setOf(["f:spec", "f:replicas"])]);
  });

  test("a struct that it gives up stays for what others set in it, and goes with what nobody set", () => {
    const rolling = spec({ strategy: { rollingUpdate: { maxSurge: 1 } } });
    const both: JsonObject = { strategy: { rollingUpdate: { maxSurge: 1 }, type: "RollingUpdate" } };
    const updated = history()
      .apply("a", rolling)
      .update("b", { ...NONE.object, ...spec(both) })
      .apply("a", {});
    expect(updated.object["spec"]).toEqual({ strategy: { type: "RollingUpdate" } });
    const defaulted = { ...NONE, object: { ...NONE.object, metadata: { uid: "u" }, ...spec({ strategy: { type: "RollingUpdate" } }) } };
    const given = history(DEPLOYMENT, defaulted)
      .apply("a", { ...rolling, metadata: { labels: { x: "1" } } })
      .apply("a", {});
    expect(given.object).toEqual({ apiVersion: "apps/v1", kind: "Deployment", metadata: { uid: "u" } });
  });

  test("an item goes with its manager, unless somebody else owns a part of it", () => {
    const steps = history()
      .apply("a", containers({ name: "one", image: "i" }, { name: "two", image: "i" }))
      .apply("b", containers({ name: "two", workingDir: "/" }));
    const left = steps.apply("a", containers({ name: "one", image: "i" }));
    expect(left.object["spec"]).toEqual({
      template: {
        spec: {
          containers: [
            { name: "one", image: "i" },
            { name: "two", workingDir: "/" },
          ],
        },
      },
    });
    expect(left.apply("b", {}).object["spec"]).toEqual({ template: { spec: { containers: [{ name: "one", image: "i" }] } } });
  });

  test("an atomic map or list is owned and replaced as a whole", () => {
    const selector = (labels: JsonObject) => spec({ selector: { matchLabels: labels } });
    const steps = history()
      .apply("a", selector({ x: "1" }))
      .apply("b", selector({ y: "1" }), true);
    expect(steps.object["spec"]).toEqual({ selector: { matchLabels: { y: "1" } } });
    expect([steps.owns("a"), steps.owns("b")]).toEqual([undefined, setOf(["f:spec", "f:selector"])]);
  });

  test("a set is owned value by value", () => {
    const finalizers = (...values: string[]): JsonObject => ({ metadata: { finalizers: values } });
    const steps = history().apply("a", finalizers("x", "y")).apply("b", finalizers("z", "y"));
    expect(steps.object["metadata"]).toEqual({ finalizers: ["x", "z", "y"] });
    expect(steps.owns("b")).toEqual(setOf(["f:metadata", "f:finalizers", 'v:"y"'], ["f:metadata", "f:finalizers", 'v:"z"']));
    expect(steps.apply("a", {}).object["metadata"]).toEqual({ finalizers: ["z", "y"] });
  });

  test("items come in the order of who applied last; those of others stay where they were", () => {
    const named = (...names: string[]) => containers(...names.map((name) => ({ name })));
    const steps = history()
      .apply("a", named("1", "2", "3"))
      .apply("b", named("new", "3", "2"), true);
    expect(steps.object["spec"]).toEqual({
      template: { spec: { containers: [{ name: "1" }, { name: "new" }, { name: "3" }, { name: "2" }] } },
    });
  });

  test("applying the same again changes nothing, the time least of all", () => {
    const first = history().apply("a", spec({ replicas: 1 }));
    const before = applyConfiguration({
      schema: DEPLOYMENT,
      live: first.object,
      entries: [entry("a", "Apply", setOf(["f:spec", "f:replicas"]), "2020-01-01T00:00:00Z")],
      manager: { manager: "a", operation: "Apply", apiVersion: "apps/v1" },
      now: NOW,
      applied: spec({ replicas: 1 }),
      force: false,
    });
    expect(before.entries[0]?.time).toBe("2020-01-01T00:00:00Z");
  });
});

function entry(manager: string, operation: "Apply" | "Update", fieldsV1: FieldSet, time: string): ManagedFieldsEntry {
  return { manager, operation, apiVersion: "apps/v1", time, fieldsType: "FieldsV1", fieldsV1 };
}

describe("conflicts", () => {
  test("one: in Kubernetes' words, with its cause", () => {
    const steps = history().update("kubectl-client-side-apply", { ...NONE.object, ...spec({ replicas: 1 }) });
    expect(() => steps.apply("a", spec({ replicas: 2 }))).toThrow(
      expect.objectContaining({
        status: 409,
        reason: "Conflict",
        message: 'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas',
        statusDetails: {
          causes: [
            {
              reason: "FieldManagerConflict",
              message: 'conflict with "kubectl-client-side-apply" using apps/v1',
              field: ".spec.replicas",
            },
          ],
        },
      }),
    );
  });

  test("several, of several managers", () => {
    const steps = history()
      .apply("a", containers({ name: "c", image: "1", ports: [{ containerPort: 80, name: "p" }] }))
      .apply("b", spec({ replicas: 1 }));
    const applied = {
      spec: { replicas: 2, ...(containers({ name: "c", image: "2", ports: [{ containerPort: 80, name: "q" }] })["spec"] as JsonObject) },
    };
    expect(() => steps.apply("c", applied)).toThrow(
      [
        'Apply failed with 3 conflicts: conflicts with "a":',
        '- .spec.template.spec.containers[name="c"].image',
        '- .spec.template.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"].name',
        'conflicts with "b":',
        "- .spec.replicas",
      ].join("\n"),
    );
  });

  test("force takes the field; the same value is none and is shared", () => {
    const steps = history()
      .apply("a", spec({ replicas: 1, paused: true }))
      .apply("b", spec({ replicas: 1 }));
    expect([steps.owns("a"), steps.owns("b")]).toEqual([
      setOf(["f:spec", "f:paused"], ["f:spec", "f:replicas"]),
      setOf(["f:spec", "f:replicas"]),
    ]);
    steps.apply("c", spec({ replicas: 3 }), true);
    expect([steps.owns("a"), steps.owns("b"), steps.owns("c")]).toEqual([
      setOf(["f:spec", "f:paused"]),
      undefined,
      setOf(["f:spec", "f:replicas"]),
    ]);
  });
});

describe("update", () => {
  test("owns what it changes and takes it from others; what it removes is nobody's", () => {
    const steps = history()
      .apply("a", spec({ replicas: 1, paused: true, minReadySeconds: 1 }))
      .update("b", { ...NONE.object, ...spec({ replicas: 2, minReadySeconds: 1 }) });
    expect([steps.owns("a"), steps.owns("b")]).toEqual([setOf(["f:spec", "f:minReadySeconds"]), setOf(["f:spec", "f:replicas"])]);
  });

  test("a new item and a new map are owned with what is in them", () => {
    const steps = history().update("b", { ...NONE.object, metadata: { labels: { x: "1" } }, ...containers({ name: "c" }) });
    expect(steps.owns("b")).toEqual({
      "f:metadata": { "f:labels": { ".": {}, "f:x": {} } },
      "f:spec": {
        ".": {},
        "f:template": { ".": {}, "f:spec": { ".": {}, "f:containers": { ".": {}, 'k:{"name":"c"}': { ".": {}, "f:name": {} } } } },
      },
    });
  });

  test("more than ten managers: the oldest become one", () => {
    const old = Array.from({ length: 10 }, (_, at) => entry(`m${at}`, "Update", setOf([`f:x${at}`]), `2020-01-01T00:00:0${at}Z`));
    const steps = history(DEPLOYMENT, { object: NONE.object, entries: old }).update("new", { ...NONE.object, ...spec({ replicas: 1 }) });
    expect(steps.owns("ancient-changes")).toEqual(setOf(["f:x0"], ["f:x1"]));
    expect([steps.owns("m1"), steps.owns("m2")]).toEqual([undefined, setOf(["f:x2"])]);
  });
});

test.each([
  [at("f:containers", 'k:{"name":"a"}', "f:image"), '.spec.template.spec.containers[name="a"].image'],
  [["f:metadata", "f:finalizers", 'v:"x"'], '.metadata.finalizers[="x"]'],
  [["f:a", "i:0"], ".a[0]"],
])("%j is written %s", (path, text) => {
  expect(formatPath(path)).toBe(text);
});

test("of entries of the same manager the last counts, also among very many", () => {
  const entry = (manager: string, field: string) => ({
    manager,
    operation: "Update",
    apiVersion: "v1",
    fieldsType: "FieldsV1",
    fieldsV1: { [`f:${field}`]: {} },
  });
  const many = Array.from({ length: 100_000 }, (_, index) => entry(`m${index}`, "a"));
  const parsed = parseManagedFields([entry("m7", "gone"), ...many, entry("m0", "b")]) ?? [];
  expect(parsed.length).toBe(100_000);
  expect(parsed[0]?.manager).toBe("m1");
  expect(parsed.at(-1)).toEqual(entry("m0", "b"));
  expect(parsed.filter(({ manager }) => manager === "m7")).toEqual([entry("m7", "a")]);
});

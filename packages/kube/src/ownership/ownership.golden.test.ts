import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isJsonObject, type Json, type JsonObject } from "../patch.ts";
import type { Schema } from "../schema.ts";
import { isStatus } from "../status-error.ts";
import type { FieldSet } from "./field-set.ts";
import type { ManagedFieldsEntry } from "./managed-fields.ts";
import { applyConfiguration, trackUpdate, type Applied } from "./track.ts";

/**
 * What sigs.k8s.io/structured-merge-diff v4 (`merge.Updater`, with the list order and the comparison of v4.4) made of random writes by three
 * managers to random schemas: after each step the object, and who owns what. Most of them once went otherwise here.
 */
interface Trace {
  schema: Schema;
  steps: Step[];
}
interface Step {
  op: ManagedFieldsEntry["operation"];
  manager: string;
  force?: boolean;
  object: JsonObject;
  result: { object: JsonObject; owned: Record<string, FieldSet>; conflicts?: string[] };
}

const TRACES = JSON.parse(readFileSync(new URL("fixtures/traces.json", import.meta.url), "utf8")) as Trace[];

function write(schema: Schema, state: Applied, { op, manager, force = false, object }: Step): Applied {
  const tracked = {
    schema,
    live: state.object,
    entries: state.entries,
    manager: { manager, operation: op, apiVersion: "v1" },
    now: "2026-01-01T00:00:00Z",
  };
  if (op === "Update") return { object: { metadata: {}, ...object }, entries: trackUpdate(tracked, { metadata: {}, ...object }) };
  const outcome = applyConfiguration({ ...tracked, applied: object, force });
  return { ...outcome, object: withoutNulls(outcome.object) as JsonObject };
}

/** As the object is decoded before it is stored. */
function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const fields = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(fields.map(([key, item]) => [key, withoutNulls(item)]));
}

/** `Apply ann .spec.a`, in the order of the text. */
function conflictsOf(error: unknown): string[] {
  if (!isStatus(error, "Conflict")) throw error;
  const causes = error.statusDetails?.causes ?? [];
  return causes
    .map(({ message = "", field }) => `${message.endsWith(" using v1") ? "Update" : "Apply"} ${/"(\w+)"/.exec(message)?.[1]} ${field}`)
    .sort();
}

test.each(TRACES.map((trace, index) => [index, trace] as const))("trace %i", (_, { schema, steps }) => {
  let state: Applied = { object: { metadata: {} }, entries: [] };
  for (const step of steps) {
    let conflicts: string[] | undefined;
    try {
      state = write(schema, state, step);
    } catch (error) {
      conflicts = conflictsOf(error);
    }
    const owned = Object.fromEntries(state.entries.map(({ operation, manager, fieldsV1 }) => [`${operation} ${manager}`, fieldsV1]));
    const { metadata: _metadata, ...object } = state.object;
    expect({ object, owned, conflicts }).toEqual({ conflicts: undefined, ...step.result });
  }
});

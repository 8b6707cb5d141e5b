import type { KubeClient, Route } from "@ebb/kube";
import { Routes } from "@ebb/kube";
import { expect, test } from "vitest";
import { applyStatus } from "./apply.ts";

const route = (lastTransitionTime: string, reason: string): Route => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Route",
  metadata: { name: "shop", namespace: "ns" },
  spec: { traffic: [] },
  status: { conditions: [{ type: "Ready", status: "Unknown", reason, lastTransitionTime }] },
});

test("a status that differs in the time of a condition alone is not written: the write would ask for the next look", async () => {
  const written: unknown[] = [];
  const client: Pick<KubeClient, "updateStatus"> = {
    updateStatus: (_, object) => {
      written.push(object.status);
      return Promise.resolve(object);
    },
  };
  const before = route("2026-01-01T00:00:00Z", "Wait");
  const write = ({ status }: Route) => applyStatus(client, Routes, { object: before, status });
  await write(route("2026-01-01T00:01:00Z", "Wait"));
  expect(written).toEqual([]);
  const other = route("2026-01-01T00:01:00Z", "Failed");
  await write(other);
  expect(written).toEqual([other.status]);
});

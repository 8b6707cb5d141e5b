import { silentLogger } from "@ebb/base";
import type { Backend, FrozenEndpoint, StartingEndpoint } from "@ebb/gateway";
import type { InstanceManager, InstanceStatus } from "@ebb/runtime";
import { VirtualClock } from "@ebb/testkit";
import { expect, test } from "vitest";
import type { GatewayPort } from "../ports.ts";
import { instance } from "../testing.ts";
import { DataPlane } from "./data-plane.ts";

const KEY = "team/shop-00001";
const TIMEOUTS = { timeoutSeconds: 30, responseStartTimeoutSeconds: 0, idleTimeoutSeconds: 0 };
const BACKEND = { key: KEY, protocol: "http1" as const, containerConcurrency: 0, ...TIMEOUTS };
const ADDRESS = { host: "127.0.0.1", port: 20_000 };
const FROZEN = { id: "a", phase: "frozen" as const, address: ADDRESS };
const thawFile = "/sys/fs/cgroup/freezer/ebb/a/freezer.state";

function planeOf(status: Partial<InstanceStatus>, quotas: { governs: () => boolean }) {
  const sent: Backend[] = [];
  const gateway = { putBackend: (backend: Backend) => Promise.resolve(void sent.push(backend)) } as unknown as GatewayPort;
  const instances = { instances: () => [instance(status)] } as unknown as InstanceManager;
  const plane = new DataPlane(instances, gateway, { quotas, clock: new VirtualClock(), log: silentLogger });
  return { sent, plane };
}

interface Case {
  status: Partial<InstanceStatus>;
  backend?: { unavailable: string };
  governed?: boolean;
  frozen?: FrozenEndpoint[];
  starting?: StartingEndpoint[];
}

const gateFile = "/data/instances/a/gate";
const PREPARED = { id: "a", phase: "prepared" as const, trial: { ...ADDRESS, gateFile } };
const STARTING = { id: "a", phase: "starting" as const, address: ADDRESS, trial: ADDRESS };

test.each<[string, Case]>([
  [
    "one that is off the CPU may be thawed by the gateway",
    { status: { ...FROZEN, thawFile }, frozen: [{ id: "a", ...ADDRESS, thawFile }] },
  ],
  ["one that is being frozen may not", { status: FROZEN }],
  ["nor one of a revision that cannot run", { status: { ...FROZEN, thawFile }, backend: { unavailable: "it failed" } }],
  ["nor one that a quota may refuse", { status: { ...FROZEN, thawFile }, governed: true }],
  ["one that is prepared may be let go by it", { status: PREPARED, starting: [{ id: "a", ...ADDRESS, gateFile }] }],
  ["not one that a quota may refuse", { status: PREPARED, governed: true }],
  ["nor one of a revision that cannot run", { status: PREPARED, backend: { unavailable: "it failed" } }],
  ["one that starts may be tried by it", { status: STARTING, starting: [{ id: "a", ...ADDRESS }] }],
  ["under a quota, too, which has let it start", { status: STARTING, governed: true, starting: [{ id: "a", ...ADDRESS }] }],
  ["not one whose readiness is more than that", { status: { id: "a", phase: "starting", address: ADDRESS } }],
])("%s", (_, { status, backend, governed = false, frozen, starting }) => {
  const { sent, plane } = planeOf(status, { governs: () => governed });
  plane.declare({ ...BACKEND, ...backend }, undefined);
  expect(sent).toMatchObject([{ key: KEY, endpoints: [] }]);
  expect(sent[0]?.frozen).toEqual(frozen);
  expect(sent[0]?.starting).toEqual(starting);
});

test("a quota that comes later takes it back", () => {
  let governed = false;
  const { sent, plane } = planeOf({ ...FROZEN, thawFile }, { governs: () => governed });
  plane.declare(BACKEND, undefined);
  governed = true;
  plane.syncNamespace("other");
  expect(sent).toHaveLength(1);
  plane.syncNamespace("team");
  expect(sent.map(({ frozen }) => frozen?.length)).toEqual([1, undefined]);
});

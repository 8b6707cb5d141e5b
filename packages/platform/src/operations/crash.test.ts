import type { TrafficRule } from "@ebb/api";
import { expect, test } from "vitest";
import { getEnvironment } from "../environments/store.ts";
import { trafficOf } from "../deploy/views.ts";
import { copyWorld, createWorld, Died, type Process, SHOP, startProcess, upload, type World } from "../testing/world.ts";

/**
 * Design rule 5, exhaustively: the process dies after its n-th step (a database result, a call of the cluster, of the builder, of the route)
 * for every n that there is, another one starts on the same disk, and the operation must end as if nothing had happened.
 */
interface Scenario {
  name: string;
  /** Before the process that dies. */
  prepare?: (process: Process, world: World) => Promise<void>;
  submit: (process: Process, world: World) => Promise<string>;
  traffic: { version: string; percent: number }[];
  versions: string[];
  history: number;
  state?: "failed";
  /** What the public address answers from then on. */
  answer?: number;
  /** Whether a VirtualService holds its host at the end. */
  held?: true;
  /** What each write finds that requests get, or is left by the last: all of them, and those that a rule takes. */
  gives?: readonly string[];
  /** How many instances of v1 are kept at the end. */
  min?: string;
}

const rulesTo = (version: string): TrafficRule[] => [{ version, when: [{ on: "header", name: "x-canary", is: "exact", value: "1" }] }];

const first = async (process: Process) => {
  await process.ended((await process.service.deployImage({ name: "shop", image: "ok-1" }, "ann")).id);
};
const TEST = { team: "default", env: "test" } as const;
const kept = async (process: Process) => {
  await process.ended((await process.service.deployImage({ name: "shop", image: "ok-1", scaling: { min: 2 } }, "ann")).id);
};
const two = async (process: Process) => {
  await first(process);
  await process.ended((await process.service.deployImage({ name: "shop", image: "ok-2" }, "ann")).id);
};

const SCENARIOS: Scenario[] = [
  {
    name: "the first deploy of source",
    submit: async ({ service }, world) => (await service.deploySource({ ...upload(world, "a"), name: "shop" }, "ann")).id,
    traffic: [{ version: "v1", percent: 100 }],
    versions: ["v1 active"],
    history: 1,
  },
  {
    name: "a deploy over another version",
    prepare: first,
    submit: async ({ service }) => (await service.deployImage({ name: "shop", image: "ok-2" }, "ann")).id,
    traffic: [{ version: "v2", percent: 100 }],
    versions: ["v2 active", "v1 active"],
    history: 2,
  },
  {
    name: "a change of secrets",
    prepare: first,
    submit: async ({ service }) => (await service.configuration.patch(SHOP, { secrets: { KEY: "x" } }, "ann")).id,
    traffic: [{ version: "v2", percent: 100 }],
    versions: ["v2 active", "v1 active"],
    history: 2,
  },
  {
    name: "a deploy that does not answer",
    prepare: first,
    submit: async ({ service }) => (await service.deployImage({ name: "shop", image: "ok-2" }, "ann")).id,
    answer: 503,
    traffic: [{ version: "v1", percent: 100 }],
    versions: ["v2 failed", "v1 active"],
    history: 1,
    state: "failed",
  },
  {
    name: "a rollback",
    prepare: two,
    submit: async ({ service }) => (await service.rollback(SHOP, {}, "ann")).id,
    traffic: [{ version: "v1", percent: 100 }],
    versions: ["v2 active", "v1 active"],
    history: 3,
  },
  {
    name: "rules before a split",
    prepare: two,
    submit: async ({ service }) =>
      (await service.setTraffic(SHOP, { targets: [{ version: "v1", percent: 100 }], rules: rulesTo("v2") }, "ann")).id,
    traffic: [{ version: "v1", percent: 100 }],
    versions: ["v2 active", "v1 active"],
    history: 3,
    held: true,
    // Never v1 for those of the rule, which had v2 and are to have v2.
    gives: ["all v2, ruled v2", "all v1, ruled v2"],
  },
  {
    name: "a rollback that ends rules",
    prepare: async (process) => {
      await two(process);
      const body = { targets: [{ version: "v2", percent: 100 }], rules: rulesTo("v1") };
      await process.ended((await process.service.setTraffic(SHOP, body, "ann")).id);
    },
    submit: async ({ service }) => (await service.rollback(SHOP, {}, "ann")).id,
    traffic: [{ version: "v1", percent: 100 }],
    versions: ["v2 active", "v1 active"],
    history: 4,
  },
  {
    name: "a release in steps",
    prepare: async (process) => {
      await first(process);
      await process.ended((await process.service.deployImage({ name: "shop", image: "ok-2", noTraffic: true }, "ann")).id);
    },
    submit: async ({ service }) =>
      (await service.startRelease(SHOP, { version: "v2", steps: [50, 100], pauseSeconds: 2, guard: { minRequests: 0 } }, "ann")).id,
    traffic: [{ version: "v2", percent: 100 }],
    versions: ["v2 active", "v1 active"],
    history: 3,
  },
  {
    name: "an environment that falls asleep, with a page",
    prepare: kept,
    submit: async ({ service }) => (await service.changeSleep({ ...TEST, to: "sleep", body: { onRequest: "refuse" } }, "ann")).id,
    traffic: [{ version: "v1", percent: 100 }],
    versions: ["v1 active"],
    history: 1,
    held: true,
    min: "0",
  },
  {
    name: "an environment that wakes",
    prepare: async (process) => {
      await kept(process);
      await process.ended((await process.service.changeSleep({ ...TEST, to: "sleep", body: { onRequest: "refuse" } }, "ann")).id);
    },
    submit: async ({ service }) => (await service.changeSleep({ ...TEST, to: "wake" }, "ann")).id,
    traffic: [{ version: "v1", percent: 100 }],
    versions: ["v1 active"],
    history: 1,
    min: "2",
  },
  {
    name: "a deletion",
    prepare: two,
    submit: async ({ service }) => (await service.deleteApp("shop", "ann")).id,
    traffic: [],
    versions: [],
    history: 0,
  },
];

/** The world in which the scenario's operation has been accepted, and not begun: the engine that accepts it is stopped first. */
async function begin(scenario: Scenario): Promise<{ world: World; id: string }> {
  const world = await createWorld();
  const before = await startProcess(world);
  await scenario.prepare?.(before, world);
  await before.engine.stop();
  const id = await scenario.submit(before, world);
  await before.kill();
  return { world, id };
}

/** Runs the scenario from there with a death after step `dieAfter`; returns how many steps the process had taken. */
async function run(
  scenario: Scenario,
  begun: { world: World; id: string },
  dieAfter: number | undefined,
): Promise<{ steps: number; died: boolean }> {
  const { id } = begun;
  const world = await copyWorld(begun.world);
  const { answer } = scenario;
  if (answer !== undefined) world.cluster.answer = () => answer;

  const given = new Set<string>();
  const look = () => {
    const { plain, ruled } = world.cluster.sends("shop");
    given.add(`all ${plain}, ruled ${ruled}`);
  };
  if (scenario.gives) world.cluster.onWrite = look;
  const victim = await startProcess(world, dieAfter === undefined ? {} : { dieAfter });
  await victim.ended(id).catch((error: unknown) => {
    if (!(error instanceof Died)) throw error;
  });
  const { steps, died } = { steps: victim.steps(), died: victim.dead() };
  await victim.kill();

  const heir = await startProcess(world);
  const row = await heir.ended(id);
  expect(row.state, String(row.failure_json)).toBe(scenario.state ?? "succeeded");
  expect(trafficOf("shop", world.cluster.service("shop"))).toEqual(scenario.traffic);
  if (scenario.gives) {
    look();
    expect([...given]).toEqual(scenario.gives);
  }
  expect([...world.cluster.virtualServices.keys()]).toEqual(scenario.held ? ["shop"] : []);
  if (scenario.min !== undefined) {
    const { annotations } = world.cluster.storedRevisions.get("shop-00001")?.metadata ?? {};
    expect(annotations).toMatchObject({ "autoscaling.knative.dev/min-scale": scenario.min });
    const settled = { asleep: scenario.held ? 1 : 0, sleep_settled: 1 };
    expect(await getEnvironment(heir.db, "default", "test")).toMatchObject(settled);
  }
  const versions = await heir.db.selectFrom("versions").selectAll().orderBy("number", "desc").execute();
  expect(versions.map((version) => `v${version.number} ${version.state}`)).toEqual(scenario.versions);
  expect((await heir.db.selectFrom("traffic_history").selectAll().execute()).length).toBe(scenario.history);
  expect((await heir.db.selectFrom("operations").selectAll().where("state", "in", ["queued", "running"]).execute()).length).toBe(0);
  expect(world.builds.length).toBeLessThanOrEqual(2);
  if (scenario.versions.length > 0) expect(await heir.service.getPlace(SHOP)).toMatchObject({ state: "ready" });
  await heir.kill();
  return { steps, died };
}

test.each(SCENARIOS)("$name survives a kill at every step", { timeout: 300_000 }, async (scenario) => {
  const begun = await begin(scenario);
  const { steps } = await run(scenario, begun, undefined);
  expect(steps).toBeGreaterThan(10);
  let deaths = 0;
  let runs = 0;
  // What only waits is the same step again and again: killed at the first sixty of them, and then at some.
  for (let step = 1; step <= steps; step += step < 60 ? 1 : 61) {
    runs += 1;
    try {
      if ((await run(scenario, begun, step)).died) deaths += 1;
    } catch (error) {
      throw new Error(`killed after step ${step} of ${steps}`, { cause: error });
    }
  }
  // Housekeeping of the engine takes a few steps that vary; nearly every run must have died, or this proves nothing.
  expect(deaths).toBeGreaterThan(runs * 0.8);
});

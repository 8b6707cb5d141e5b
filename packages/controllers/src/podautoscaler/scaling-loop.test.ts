import { Signal, silentLogger } from "@ebb/base";
import type { ConfigMap, Informer, InformerEvent } from "@ebb/kube";
import type { InstanceManager, InstanceStatus, Workload } from "@ebb/runtime";
import { VirtualClock } from "@ebb/testkit";
import { beforeEach, describe, expect, test } from "vitest";
import { Settings } from "../config/settings.ts";
import type { GatewayPort } from "../ports.ts";
import { DataPlane } from "../revision/data-plane.ts";
import { autoscaler, instance, marks } from "../testing.ts";
import { ScalingLoop } from "./scaling-loop.ts";

const KEY = "team/shop-00001";
const READY = { conditions: marks({ ScaleTargetInitialized: "True" }) };

/** Instances that are ready at once. */
class Instances {
  readonly counts = new Map<string, number>();
  readonly scaled: number[] = [];
  ready = true;
  /** Cores that each uses. */
  cpu = 0;
  usage() {
    return { cpuMs: clock.monotonic() * this.cpu, memoryBytes: 0 };
  }
  desired(key: string): number {
    return this.counts.get(key) ?? 0;
  }
  scale(key: string, count: number): void {
    this.counts.set(key, count);
    this.scaled.push(count);
  }
  instances(key: string): InstanceStatus[] {
    const phase = this.ready ? "ready" : "starting";
    return Array.from({ length: this.desired(key) }, (_, index) =>
      instance({ id: `i${index}`, phase, address: { host: "h", port: index } }),
    );
  }
  readonly idle: string[] = [];
  setIdle(_: string, idle: string): void {
    this.idle.push(idle);
  }
  readonly awaits: string[] = [];
  awaited(key: string): void {
    this.awaits.push(key);
  }
  isAttended = false;
  attended(): boolean {
    return this.isAttended;
  }
  setWorkloads(): void {}
  putWorkload(): void {}
}

class Gateway {
  connected = true;
  readonly onWake = new Signal<string>();
  readonly onStats = new Signal<{ time: number; revisions: never[] }>();
  readonly sent: unknown[] = [];
  async putBackend(backend: unknown): Promise<void> {
    this.sent.push(backend);
  }
}

let clock: VirtualClock;
let instances: Instances;
let gateway: Gateway;
let loop: ScalingLoop;
let live: Record<string, string>;
let refused: string[];
let configure: (event: InformerEvent<ConfigMap>) => void;

beforeEach(() => {
  clock = new VirtualClock();
  instances = new Instances();
  gateway = new Gateway();
  const ports = { instances: instances as unknown as InstanceManager, gateway: gateway as unknown as GatewayPort };
  const dataPlane = new DataPlane(ports.instances, ports.gateway, { quotas: { governs: () => false }, clock, log: silentLogger });
  const workload = { key: KEY } as Workload;
  dataPlane.adopt([workload]);
  const configMaps = { onChange: (listener: typeof configure) => void (configure = listener) } as unknown as Informer<ConfigMap>;
  const settings = new Settings(configMaps, silentLogger, { deployment: { "progress-deadline": "120s" } });
  live = {};
  refused = [];
  loop = new ScalingLoop({
    ...ports,
    dataPlane,
    settings,
    clock,
    live: () => live,
    refused: (_, problem) => refused.push(problem),
  });
  loop.start();
});

/** Traffic of that concurrency for so many seconds. */
async function traffic(concurrency: number, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    gateway.onStats.emit({ time: clock.now(), revisions: [{ revision: KEY, concurrency, requests: concurrency }] as never[] });
    await clock.advance(1000);
  }
}

describe("ScalingLoop", () => {
  test("a sleeping revision has no timer and is not looked at", async () => {
    loop.upsert(autoscaler(READY));
    expect(clock.pending).toBe(1);
    await clock.advance(600_000);
    expect(instances.scaled).toEqual([]);
    expect(loop.decisions(KEY)).toHaveLength(1);
    expect(loop.decisions(KEY)[0]?.until).toBe(loop.decisions(KEY)[0]?.time);
  });

  test("what is kept of a sleeping revision is what its policy says, and nothing where no route leads", () => {
    live = { "autoscaling.ebb.dev/idle": "prepared" };
    const reachable = autoscaler(READY);
    loop.upsert(reachable);
    loop.upsert({ ...reachable, spec: { ...reachable.spec, reachability: "Unreachable" } });
    expect(instances.idle).toEqual(["prepared", "cold"]);
  });

  test("requests of each second are recorded for a replay, those that waited not as work", async () => {
    loop.upsert(autoscaler(READY));
    gateway.onStats.emit({ time: clock.now(), revisions: [{ revision: KEY, concurrency: 5, requests: 7, queued: 2 }] as never[] });
    expect(loop.replayable(KEY)?.load.since(0)).toMatchObject([{ requests: 7, work: 3 }]);
    expect(loop.replayable("nobody/knows")).toBeUndefined();
  });

  test("a wake scales in the same turn", () => {
    loop.upsert(autoscaler(READY));
    gateway.onWake.emit(KEY);
    expect(instances.scaled).toEqual([1]);
  });

  test("waking again while it starts changes nothing", () => {
    instances.ready = false;
    loop.upsert(autoscaler(READY));
    gateway.onWake.emit(KEY);
    gateway.onWake.emit(KEY);
    expect(instances.scaled).toEqual([1]);
  });

  test("decides each two seconds, whatever came in between", async () => {
    loop.upsert(autoscaler(READY));
    gateway.onWake.emit(KEY);
    const before = loop.decisions(KEY).length;
    await traffic(1000, 1);
    expect([loop.decisions(KEY).length, instances.desired(KEY)]).toEqual([before, 1]);
    await traffic(1000, 1);
    expect(loop.decisions(KEY).length).toBe(before + 1);
    expect(instances.desired(KEY)).toBeGreaterThan(1);
  });

  test.each([
    ["0", 1, "Serve"],
    ["-1", 9, "Proxy"],
    ["200", 2, "Serve"],
    ["201", 2, "Proxy"],
  ])("a target burst of %s over %i instances of 100 requests each: %s", async (burst, count, mode) => {
    loop.upsert(
      autoscaler(READY, { "autoscaling.knative.dev/target-burst-capacity": burst, "autoscaling.knative.dev/min-scale": `${count}` }),
    );
    await clock.advance(4000);
    expect(loop.state(KEY)).toMatchObject({ desired: count, mode });
  });

  test("whatever its target burst, one that sleeps has the gateway before it", () => {
    loop.upsert(autoscaler(READY, { "autoscaling.knative.dev/target-burst-capacity": "0" }));
    expect(loop.state(KEY)).toMatchObject({ desired: 0, mode: "Proxy" });
  });

  test("an activation is given up 30 s after the progress deadline", async () => {
    instances.ready = false;
    loop.upsert(autoscaler(READY));
    gateway.onWake.emit(KEY);
    await clock.advance(149_000);
    expect(loop.state(KEY)).toMatchObject({ desired: 1, timedOut: false });
    await clock.advance(3000);
    expect(loop.state(KEY)).toMatchObject({ desired: 0, timedOut: true });
  });

  test("a wake for an unknown revision is nothing", () => {
    gateway.onWake.emit("team/nobody");
    expect(instances.scaled).toEqual([]);
  });

  test("it grows with traffic and sleeps a window after the last request", async () => {
    loop.upsert(autoscaler(READY, { "autoscaling.knative.dev/target": "10" }));
    gateway.onWake.emit(KEY);
    await traffic(50, 20);
    expect(instances.desired(KEY)).toBe(8);
    await traffic(0, 1);
    await clock.advance(200_000);
    expect(instances.desired(KEY)).toBe(0);
    expect(loop.state(KEY)).toMatchObject({ desired: 0, timedOut: false });
  });

  test("the last instance stays while somebody works in it, which the journal says, and goes when they have left", async () => {
    loop.upsert(autoscaler(READY));
    gateway.onWake.emit(KEY);
    instances.isAttended = true;
    await clock.advance(300_000);
    expect(loop.state(KEY)?.desired).toBe(1);
    expect(loop.decisions(KEY).at(-1)).toMatchObject({
      desired: 1,
      cause: "session",
      reason: expect.stringContaining("somebody works in it"),
    });
    instances.isAttended = false;
    await clock.advance(2000);
    expect(loop.decisions(KEY).at(-1)).toMatchObject({ desired: 0, cause: "idle" });
  });

  test("while the gateway is away nothing is scaled down, and afterwards not before a whole window", async () => {
    loop.upsert(autoscaler(READY));
    gateway.onWake.emit(KEY);
    await traffic(1, 4);
    gateway.connected = false;
    await clock.advance(300_000);
    expect(instances.desired(KEY)).toBe(1);
    gateway.connected = true;
    await clock.advance(58_000);
    expect(instances.desired(KEY)).toBe(1);
    await clock.advance(10_000);
    expect(instances.desired(KEY)).toBe(0);
  });

  test("adopted instances are kept", () => {
    instances.counts.set(KEY, 3);
    loop.upsert(autoscaler(READY));
    expect(instances.desired(KEY)).toBe(3);
  });

  test.each([
    ["by its status", () => loop.upsert(autoscaler(READY, { "autoscaling.knative.dev/initial-scale": "3" }))],
    ["by the controller", () => loop.setInitialized(KEY)],
  ])(
    "an initial scale of several stays for a few seconds after it is known as reached, %s, for who looks once a second",
    async (_, tell) => {
      loop.upsert(autoscaler(undefined, { "autoscaling.knative.dev/initial-scale": "3" }));
      await traffic(1, 70);
      expect(instances.desired(KEY)).toBe(3);
      tell();
      await traffic(1, 2);
      expect(instances.desired(KEY)).toBe(3);
      await traffic(1, 2);
      expect(instances.desired(KEY)).toBe(1);
    },
  );

  test("a new revision starts at its initial scale, and goes to zero when it has failed", () => {
    loop.upsert(autoscaler(undefined, { "autoscaling.knative.dev/initial-scale": "2" }));
    expect(instances.desired(KEY)).toBe(2);
    loop.setFailed(KEY, "it never became ready");
    expect(instances.desired(KEY)).toBe(0);
    gateway.onWake.emit(KEY);
    expect(instances.desired(KEY)).toBe(0);
    expect(loop.decisions(KEY).at(-1)).toMatchObject({ cause: "failed", reason: "it never became ready" });
  });

  test("a changed annotation and a changed ConfigMap act at once", () => {
    loop.upsert(autoscaler(READY));
    loop.upsert(autoscaler(READY, { "autoscaling.knative.dev/min-scale": "2" }));
    expect(instances.desired(KEY)).toBe(2);
    loop.upsert(autoscaler(READY));
    const metadata = { name: "config-autoscaler", namespace: "knative-serving" };
    configure({ type: "added", object: { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "min-scale": "4" } } });
    expect(instances.desired(KEY)).toBe(4);
  });

  test("a policy acts at once, wakes what sleeps, and is gone when it is taken away", async () => {
    loop.upsert(autoscaler(READY));
    live = { "autoscaling.ebb.dev/strategies": '[{"type":"lag","target":10,"lag":25}]' };
    loop.upsert(autoscaler(READY));
    expect(instances.desired(KEY)).toBe(3);
    live = { ...live, "autoscaling.ebb.dev/max-scale": "2" };
    loop.upsert(autoscaler(READY));
    expect(instances.desired(KEY)).toBe(2);
    live = {};
    loop.upsert(autoscaler(READY));
    await clock.advance(200_000);
    expect(instances.desired(KEY)).toBe(0);
  });

  test("a minimum of the Service is not that of a revision which nobody is led to any more", async () => {
    const [, name] = KEY.split("/");
    live = { "autoscaling.ebb.dev/min-scale": "4", "autoscaling.ebb.dev/led-to": `${name}` };
    loop.upsert(autoscaler(READY));
    expect(instances.desired(KEY)).toBe(4);
    live = { ...live, "autoscaling.ebb.dev/led-to": "another-00002" };
    loop.upsert(autoscaler(READY));
    await clock.advance(200_000);
    expect(instances.desired(KEY)).toBe(0);
  });

  test("a cron window opens while it sleeps", async () => {
    const now = new Date(clock.now());
    const at = new Date(now.getTime() + 3 * 60_000);
    live = {
      "autoscaling.ebb.dev/strategies": JSON.stringify([
        {
          type: "cron",
          start: `${at.getUTCMinutes()} ${at.getUTCHours()} * * *`,
          end: `${at.getUTCMinutes()} ${(at.getUTCHours() + 1) % 24} * * *`,
          replicas: 2,
        },
      ]),
    };
    loop.upsert(autoscaler(READY));
    expect(instances.desired(KEY)).toBe(0);
    await clock.advance(4 * 60_000);
    expect(instances.desired(KEY)).toBe(2);
  });

  test("a policy that cannot be read is told once, and the version's own settings are in force", () => {
    live = { "autoscaling.ebb.dev/strategies": "?" };
    loop.upsert(autoscaler(READY, { "autoscaling.knative.dev/min-scale": "2" }));
    loop.upsert(autoscaler(READY, { "autoscaling.knative.dev/min-scale": "2" }));
    expect(refused).toEqual(["autoscaling.ebb.dev/strategies is not JSON"]);
    expect(instances.desired(KEY)).toBe(2);
  });

  test("cpu is measured from the instances", async () => {
    live = { "autoscaling.ebb.dev/strategies": '[{"type":"cpu","target":25}]' };
    instances.cpu = 0.5;
    loop.upsert(autoscaler(READY));
    gateway.onWake.emit(KEY);
    await traffic(1, 12);
    expect(instances.desired(KEY)).toBe(2);
    expect(loop.decisions(KEY).at(-1)?.reason).toBe("cpu: 50% used by each on average, aiming at 25% (the largest vote; traffic 1)");
  });

  test("what the instances of one of the class hpa use is told as often as Kubernetes looks, of others never", async () => {
    const moved: string[] = [];
    loop.moved.on((key) => moved.push(key));
    instances.cpu = 0.5;
    loop.upsert(
      autoscaler(READY, { "autoscaling.knative.dev/class": "hpa.autoscaling.knative.dev", "autoscaling.knative.dev/target": "50" }),
    );
    await traffic(1, 6);
    expect(loop.state(KEY)?.usage?.cpuPercent).toBe(50);
    moved.length = 0;
    await traffic(1, 30);
    expect(moved.length).toBeLessThanOrEqual(2);
    loop.remove(KEY);
    live = { "autoscaling.ebb.dev/strategies": '[{"type":"cpu","target":25}]' };
    loop.upsert(autoscaler(READY));
    gateway.onWake.emit(KEY);
    await traffic(1, 12);
    expect(loop.state(KEY)).not.toHaveProperty("usage");
  });

  test("a ConfigMap that cannot be read leaves what was in force", () => {
    loop.upsert(autoscaler(READY));
    const metadata = { name: "config-autoscaler", namespace: "knative-serving" };
    configure({ type: "added", object: { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "min-scale": "2" } } });
    configure({ type: "added", object: { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "min-scale": "lots" } } });
    expect(instances.desired(KEY)).toBe(2);
  });

  test("stopped, it does nothing more", async () => {
    loop.upsert(autoscaler(READY));
    loop.stop();
    gateway.onWake.emit(KEY);
    expect(instances.scaled).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

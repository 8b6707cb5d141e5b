import { silentLogger } from "@ebb/base";
import type { KubeClient, KubeEvent, KubeObject } from "@ebb/kube";
import { VirtualClock } from "@ebb/testkit";
import { describe, expect, test } from "vitest";
import { EventRecorder } from "./events.ts";

const CREATED = { type: "Normal", reason: "Created", message: "Created Route" } as const;

function recorder() {
  const events = new Map<string, KubeEvent>();
  const put = async (_: unknown, event: KubeObject) => (events.set(event.metadata.name, event as KubeEvent), event);
  const client = { get: async (_: unknown, __: unknown, name: string) => events.get(name), create: put, update: put };
  const clock = new VirtualClock();
  return { clock, events, recorder: new EventRecorder(client as unknown as KubeClient, clock, silentLogger) };
}

const shop = (index: number): KubeObject => ({
  apiVersion: "serving.knative.dev/v1",
  kind: "Service",
  metadata: { name: `shop-${index}`, namespace: "team", uid: `uid-${index}` },
});

describe("EventRecorder", () => {
  test("what is said several times of one object is one Event that counts", async () => {
    const { recorder: notes, events, clock } = recorder();
    for (let i = 0; i < 3; i++) notes.note(shop(1), CREATED);
    await clock.advance(0);
    notes.note(shop(1), CREATED);
    notes.note(shop(1), { ...CREATED, message: "Created Configuration" });
    await notes.stop();
    expect([...events.values()].map(({ message, count, involvedObject: { uid } }) => [message, count, uid])).toEqual([
      ["Created Route", 4, "uid-1"],
      ["Created Configuration", 1, "uid-1"],
    ]);
  });

  test("a burst is written bit by bit, all of it", async () => {
    const { recorder: notes, events, clock } = recorder();
    for (let i = 0; i < 100; i++) notes.note(shop(i), CREATED);
    await clock.advance(0);
    expect(events.size).toBe(32);
    await clock.advance(1000);
    expect(events.size).toBe(100);
    expect(clock.pending).toBe(0);
    await notes.stop();
  });

  test("a stop waits for no burst to be written, but for what is under way", async () => {
    const { recorder: notes, events, clock } = recorder();
    for (let i = 0; i < 1000; i++) notes.note(shop(i), CREATED);
    await notes.stop();
    expect(events.size).toBeGreaterThanOrEqual(100);
    expect(events.size).toBeLessThan(300);
    expect(clock.pending).toBe(0);
    notes.note(shop(0), CREATED);
    await clock.advance(1000);
    expect(events.size).toBeLessThan(300);
  });
});

import { VirtualClock } from "@ebb/testkit";
import { beforeEach, describe, expect, test } from "vitest";
import { Departures } from "./departures.ts";
import { EndpointState } from "./endpoint-state.ts";
import { OwnOccupancy } from "./shares.ts";

describe("an instance that was taken out", () => {
  let clock: VirtualClock;
  let departures: Departures;
  let state: EndpointState;
  let left: number[];

  beforeEach(() => {
    clock = new VirtualClock();
    departures = new Departures(clock);
    const connections = { open: () => expect.unreachable(), ahead: () => undefined, closeIdle: () => undefined };
    state = new EndpointState({ endpoint: { id: "a", host: "h", port: 1 }, connections, limit: 0, occupancy: new OwnOccupancy() });
    left = [];
  });

  function drain(requests: number, tunnels: number): void {
    for (let index = 0; index < requests + tunnels; index++) state.tryEnter();
    for (let index = 0; index < tunnels; index++) state.tunnelled();
    departures.add([state]);
    departures.drain("a", 600_000, (inFlight) => left.push(inFlight));
  }

  test("is drained when its last request is done", async () => {
    drain(2, 0);
    state.leave();
    await clock.advance(60_000);
    expect(left).toEqual([]);
    state.leave();
    expect(left).toEqual([0]);
    await clock.advance(600_000);
    expect(left).toEqual([0]);
  });

  test("is not kept by tunnels alone: after half a minute it may take leave of them itself", async () => {
    drain(0, 2);
    await clock.advance(29_000);
    expect(left).toEqual([]);
    await clock.advance(1_000);
    expect(left).toEqual([2]);
    state.leave(true);
    state.leave(true);
    await clock.advance(600_000);
    expect(left).toEqual([2]);
  });

  test("finishes its requests beside tunnels, and one that becomes a tunnel itself", async () => {
    drain(2, 1);
    await clock.advance(60_000);
    state.leave();
    expect(left).toEqual([]);
    state.tunnelled();
    expect(left).toEqual([2]);
  });

  test("is drained at once when its last tunnel ends", () => {
    drain(0, 1);
    state.leave(true);
    expect(left).toEqual([0]);
  });

  test("with requests that do not end is given up after the time that was said", async () => {
    drain(1, 1);
    await clock.advance(600_000);
    expect(left).toEqual([2]);
  });
});

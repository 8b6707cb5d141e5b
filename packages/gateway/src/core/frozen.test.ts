import { VirtualClock } from "@ebb/testkit";
import { beforeEach, describe, expect, test } from "vitest";
import { parseBackend } from "../control/parse-table.ts";
import type { Backend, FrozenEndpoint } from "../route-table.ts";
import { BackendState, type BackendServices, type Waiter } from "./backend-state.ts";

const FILE = "/sys/fs/cgroup/freezer/ebb/a/freezer.state";
const ASLEEP: FrozenEndpoint = { id: "a", host: "127.0.0.1", port: 1, thawFile: FILE };
const AWAKE = { id: "a", host: "127.0.0.1", port: 1 };

function config(more: Partial<Backend> = {}): Backend {
  const timeouts = { timeoutSeconds: 30, responseStartTimeoutSeconds: 0, idleTimeoutSeconds: 0 };
  return { key: "ns/app", protocol: "http1", containerConcurrency: 0, ...timeouts, endpoints: [], ...more };
}

let did: string[];
let thaws: boolean;
let letsGo: boolean;
let clock: VirtualClock;
beforeEach(() => {
  did = [];
  thaws = letsGo = true;
  clock = new VirtualClock();
});

function backendOf(initial: Backend): BackendState {
  const services: BackendServices = {
    clock,
    random: { float: () => 0, suffix: () => "" } as unknown as BackendServices["random"],
    heldRequests: 100,
    connect: ({ id }) => ({
      open: () => expect.unreachable("nothing is sent here"),
      ahead: () => did.push(`connect to ${id}`),
      closeIdle: () => did.push(`closed ${id}`),
    }),
    wake: () => did.push("wake"),
    letGo: (gateFile) => {
      did.push(`let go ${gateFile}`);
      return letsGo;
    },
    thaw: ({ thawFile }) => {
      did.push(`thaw ${thawFile}`);
      return thaws;
    },
    waiting: new Set(),
  };
  return new BackendState(initial, services);
}

function asks(backend: BackendState, name: string): void {
  const waiter: Waiter = {
    granted: ({ endpoint, thawed }) => void did.push(`${name} at ${endpoint.id}${thawed ? ", thawed" : ""}`),
    refused: (status) => void did.push(`${name} ${status}`),
    preferred: "",
    ticket: 0,
  };
  backend.acquire(waiter);
}

describe("a backend with a frozen instance", () => {
  test("connects to it and thaws it for the first request, gives it that, and leaves the cores to it and to who gets its answer before it tells", async () => {
    const backend = backendOf(config({ frozen: [ASLEEP] }));
    asks(backend, "first");
    await clock.advance(5);
    expect(did).toEqual(["connect to a", `thaw ${FILE}`, "first at a, thawed"]);
    backend.begins({ endpoint: "a", heldMs: 0, answerMs: 5, thawed: true });
    await clock.advance(1);
    expect(did.slice(3)).toEqual([]);
    await clock.advance(1);
    expect(did.slice(3)).toEqual(["wake"]);
    await clock.advance(2000);
    expect(did.slice(3)).toEqual(["wake"]);
  });

  test("tells after 20 ms of one that has not answered, once", async () => {
    const backend = backendOf(config({ frozen: [ASLEEP] }));
    asks(backend, "first");
    asks(backend, "second");
    await clock.advance(19);
    expect(did).not.toContain("wake");
    await clock.advance(2000);
    expect(did).toEqual(["connect to a", `thaw ${FILE}`, "first at a, thawed", "second at a, thawed", "wake"]);
  });

  test("keeps it, with its requests, when the control plane says that it serves", () => {
    const backend = backendOf(config({ frozen: [ASLEEP] }));
    asks(backend, "first");
    backend.update(config({ endpoints: [AWAKE] }));
    expect(backend.endpoints).toMatchObject([{ inFlight: 1, removed: false }]);
    expect(did).not.toContain("closed a");
  });

  test("waits for the control plane when it cannot thaw it, and tries once, however many wait, until it has heard from it", async () => {
    thaws = false;
    const backend = backendOf(config({ frozen: [ASLEEP] }));
    asks(backend, "first");
    asks(backend, "second");
    const once = ["connect to a", `thaw ${FILE}`, "closed a"];
    expect(did).toEqual([...once, "wake"]);
    await clock.advance(1000);
    expect(did.slice(4)).toEqual(["wake"]);
    backend.update(config({ frozen: [ASLEEP] }));
    expect(did.slice(5)).toEqual(once);
    backend.update(config({ endpoints: [AWAKE] }));
    expect(did.slice(8)).toEqual(["first at a", "second at a"]);
  });

  test("does not thaw again what refuses connections, and wakes", async () => {
    const backend = backendOf(config({ frozen: [ASLEEP] }));
    asks(backend, "first");
    const [endpoint] = backend.endpoints;
    if (!endpoint) throw new Error("it was not thawed");
    backend.suspect(endpoint);
    asks(backend, "second");
    await clock.advance(20);
    expect(did).toEqual(["connect to a", `thaw ${FILE}`, "first at a, thawed", "wake"]);
    backend.close();
  });

  test("thaws nothing while another serves, or nobody asks", () => {
    const backend = backendOf(config({ endpoints: [{ ...AWAKE, id: "b", port: 2 }], frozen: [ASLEEP] }));
    asks(backend, "first");
    expect(did).toEqual(["first at b"]);
  });
});

describe("a freezer's file", () => {
  test.each([
    [FILE, true],
    ["/sys/fs/cgroup/ebb/a/cgroup.freeze", true],
    ["/sys/fs/cgroup/ebb/a/cgroup.procs", false],
    ["/sys/fs/cgroup/../../etc/freezer.state", false],
    ["/etc/freezer.state", false],
    ["sys/fs/cgroup/freezer.state", false],
    ["/sys/fs/cgroup/ebb/a/", false],
  ])("%s: %s", (thawFile, ok) => {
    const parse = () => parseBackend(config({ frozen: [{ ...AWAKE, thawFile }] }));
    if (ok) expect(parse().frozen).toEqual([{ ...AWAKE, thawFile }]);
    else expect(parse).toThrow("freezer");
  });
});

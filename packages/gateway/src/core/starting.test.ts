import { systemRandom } from "@ebb/base";
import { VirtualClock } from "@ebb/testkit";
import { beforeEach, describe, expect, test } from "vitest";
import { parseBackend } from "../control/parse-table.ts";
import type { Backend, StartingEndpoint } from "../route-table.ts";
import { BackendState, type BackendServices, type Waiter } from "./backend-state.ts";
import type { EndpointState } from "./endpoint-state.ts";

const AT = { host: "127.0.0.1", port: 1 };
const A: StartingEndpoint = { id: "a", ...AT };
const B: StartingEndpoint = { id: "b", ...AT, port: 2 };
const GATE = "/data/a/gate";

function config(more: Partial<Backend> = {}): Backend {
  const timeouts = { timeoutSeconds: 30, responseStartTimeoutSeconds: 0, idleTimeoutSeconds: 0 };
  return { key: "ns/app", protocol: "http1", containerConcurrency: 0, ...timeouts, endpoints: [], ...more };
}

let did: string[];
let letsGo: boolean;
/** What the program was let go with. */
let listens: () => void;
let clock: VirtualClock;
beforeEach(() => {
  did = [];
  letsGo = true;
  clock = new VirtualClock();
});

function backendOf(more: Partial<Backend>): BackendState {
  const services: BackendServices = {
    clock,
    random: systemRandom,
    heldRequests: 100,
    connect: () => ({ open: () => expect.unreachable("nothing is sent here"), ahead: () => undefined, closeIdle: () => undefined }),
    wake: () => did.push("wake"),
    thaw: () => expect.unreachable("nothing is frozen"),
    letGo: (gateFile, said) => {
      listens = said;
      did.push(`let go ${gateFile}`);
      return letsGo;
    },
    waiting: new Set(),
  };
  return new BackendState(config(more), services);
}

/** A request that connects as an exchange does: refused unless the instance is up, it asks again before it gives its place back. */
function asks(backend: BackendState, name: string, isUp: (id: string) => boolean): void {
  const attempt = (endpoint: EndpointState) => {
    const { id } = endpoint.endpoint;
    if (isUp(id)) {
      backend.connected(endpoint);
      return void did.push(`${name} at ${id}`);
    }
    backend.suspect(endpoint);
    backend.acquire(waiter, true);
    backend.release(endpoint);
  };
  const waiter: Waiter = {
    // A connection takes its time.
    granted: (endpoint) => {
      did.push(`${name} tries ${endpoint.endpoint.id}`);
      clock.after(0.1, () => attempt(endpoint));
    },
    refused: (status) => void did.push(`${name} ${status}`),
    preferred: "",
    ticket: 0,
  };
  backend.acquire(waiter);
}
const never = () => false;

describe("a backend with an instance that starts", () => {
  test("tries it at once, and again until it accepts; the control plane hears of it once a second", async () => {
    const backend = backendOf({ starting: [A] });
    let up = false;
    asks(backend, "first", () => up);
    expect(did).toEqual(["first tries a", "wake"]);
    for (let time = 0; time < 1500; time++) await clock.advance(1);
    expect(did.filter((what) => what === "wake")).toHaveLength(2);
    const tries = did.filter((what) => what === "first tries a").length;
    expect(tries).toBeGreaterThan(300);
    expect(tries).toBeLessThan(700);
    up = true;
    await clock.advance(10);
    expect(did.at(-1)).toBe("first at a");
    did.length = 0;
    await clock.advance(5000);
    expect(did).toEqual([]);
  });

  test("tries it with one request, and gives it all others when it has accepted", async () => {
    const backend = backendOf({ starting: [A] });
    asks(backend, "first", () => true);
    asks(backend, "second", () => true);
    expect(did).toEqual(["first tries a", "wake"]);
    await clock.advance(1);
    expect(did.slice(2)).toEqual(["second tries a", "first at a", "second at a"]);
  });

  test("tries one that it is told of while requests wait", async () => {
    const backend = backendOf({});
    asks(backend, "first", () => true);
    expect(did).toEqual(["wake"]);
    backend.update(config({ starting: [A] }));
    await clock.advance(1);
    expect(did).toEqual(["wake", "first tries a", "first at a"]);
  });

  test("holds as many requests as while it sleeps, not as many as a first instance would have waiting", () => {
    const backend = backendOf({ starting: [A], containerConcurrency: 1 });
    for (let i = 0; i < 50; i++) asks(backend, `${i}`, never);
    expect(did.filter((what) => what.endsWith("503"))).toEqual([]);
    expect(backend.queued).toBe(49);
  });

  test("does not try it while another serves, nor once another does", async () => {
    const serves = backendOf({ endpoints: [B], starting: [A] });
    asks(serves, "first", () => true);
    await clock.advance(1);
    expect(did).toEqual(["first tries b", "first at b"]);
    did = [];
    const both = backendOf({ starting: [A, B] });
    asks(both, "first", (id) => id === "b");
    asks(both, "second", (id) => id === "b");
    await clock.advance(100);
    expect(both.endpoints.map(({ endpoint }) => endpoint.id)).toEqual(["b"]);
    expect(did.filter((what) => what.endsWith("at b"))).toHaveLength(2);
  });

  test("keeps it, with its requests, when the control plane says that it serves", async () => {
    const backend = backendOf({ starting: [A] });
    asks(backend, "first", () => true);
    await clock.advance(1);
    backend.update(config({ endpoints: [{ id: "a", ...AT }] }));
    expect(backend.endpoints).toMatchObject([{ inFlight: 1, removed: false, triedSince: undefined }]);
  });

  test("lets go of it when it has ended, and waits for the next", async () => {
    const backend = backendOf({ starting: [A] });
    asks(backend, "first", (id) => id === "b");
    await clock.advance(5);
    backend.update(config());
    await clock.advance(5);
    did = [];
    await clock.advance(100);
    expect(did).toEqual([]);
    backend.update(config({ starting: [B] }));
    await clock.advance(1);
    expect(did.at(-1)).toBe("first at b");
  });
});

describe("a backend with an instance whose program waits to be let go", () => {
  const WAITS = { ...A, gateFile: GATE };

  test("lets it go, tries it, and leaves the cores to it and to who gets its answer before it tells", async () => {
    const backend = backendOf({ starting: [WAITS] });
    asks(backend, "first", () => true);
    await clock.advance(1);
    expect(did).toEqual([`let go ${GATE}`, "first tries a", "first at a"]);
    backend.begins({ endpoint: "a", heldMs: 0, answerMs: 1 });
    // Nor while the answer leaves.
    expect(did.slice(3)).toEqual([]);
    await clock.advance(2);
    expect(did.slice(3)).toEqual(["wake"]);
    await clock.advance(2000);
    expect(did.slice(3)).toEqual(["wake"]);
  });

  test("tells after 20 ms of one that has not answered, though the control plane does not call it prepared any more", async () => {
    const backend = backendOf({ starting: [WAITS] });
    asks(backend, "first", never);
    await clock.advance(19);
    expect(did).not.toContain("wake");
    await clock.advance(2);
    expect(did).toContain("wake");
    backend.update(config({ starting: [A] }));
    await clock.advance(500);
    expect(did.filter((what) => what.startsWith("let go"))).toHaveLength(1);
    expect(did.filter((what) => what === "wake")).toHaveLength(1);
  });

  test("tries it when nothing waits there any more, as another worker may have let it go, and says so at once", () => {
    letsGo = false;
    const backend = backendOf({ starting: [WAITS] });
    asks(backend, "first", never);
    expect(did).toEqual([`let go ${GATE}`, "first tries a", "wake"]);
    backend.close();
  });

  test("tries it at once when it says that it listens, and whoever says so again has no further try", async () => {
    const backend = backendOf({ starting: [WAITS] });
    let up = false;
    asks(backend, "first", () => up);
    await clock.advance(1000);
    did = [];
    listens();
    await clock.advance(0.2);
    expect(did).toEqual(["first tries a"]);
    up = true;
    listens();
    await clock.advance(0.2);
    expect(did).toEqual(["first tries a", "first tries a", "first at a"]);
    listens();
    await clock.advance(20);
    expect(did.filter((what) => what === "first tries a")).toHaveLength(2);
  });

  test("lets one go, not all", () => {
    const backend = backendOf({ starting: [WAITS, { ...B, gateFile: "/data/b/gate" }] });
    asks(backend, "first", never);
    expect(did.filter((what) => what.startsWith("let go"))).toHaveLength(1);
    backend.close();
  });
});

test.each([
  [{ ...A }, true],
  [{ ...A, gateFile: GATE }, true],
  [{ ...A, gateFile: "/data/a/stdout" }, false],
  [{ ...A, gateFile: "gate" }, false],
])("%j as the control plane may say it: %s", (endpoint, ok) => {
  const parse = () => parseBackend(config({ starting: [endpoint] }));
  if (ok) expect(parse().starting).toEqual([endpoint]);
  else expect(parse).toThrow("FIFO");
});

import { describe, expect, test } from "vitest";
import { connectKubectl, findKubectl } from "./testing/kubectl.ts";
import { startServer, type TestServer } from "./testing/server.ts";

const PODS = "/api/v1/namespaces/default/pods";
const BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
const labels = { app: "a" };

async function makePod({ call }: Pick<TestServer, "call">, name: string, ready = true) {
  const spec = { nodeName: "ebb", containers: [{ name: "c", image: "i" }] };
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name, labels }, spec };
  await call("POST", PODS, { body: pod });
  const conditions = [{ type: "Ready", status: ready ? "True" : "False" }];
  await call("PUT", `${PODS}/${name}/status`, { body: { ...pod, status: { phase: "Running", conditions } } });
}

const budget = (spec: object, name = "b") => ({ apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name }, spec });
const eviction = (name: string) => ({ apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace: "default" } });

async function start(spec?: object) {
  const server = await startServer();
  for (const name of ["p1", "p2"]) await makePod(server, name);
  if (spec) await server.call("POST", BUDGETS, { body: budget({ selector: { matchLabels: labels }, ...spec }) });
  const evict = (name: string, query = "") => server.call("POST", `${PODS}/${name}/eviction${query}`, { body: eviction(name) });
  return { ...server, server, evict };
}

describe("an eviction", () => {
  test("takes the Pod away when no budget speaks of it; a dry run does not", async () => {
    const { evict, call } = await start({ minAvailable: 2, selector: { matchLabels: { app: "other" } } });
    expect((await evict("p1", "?dryRun=All")).status).toBe(201);
    expect((await call("GET", `${PODS}/p1`)).status).toBe(200);
    expect(await evict("p1")).toMatchObject({ status: 201, body: { kind: "Status", status: "Success" } });
    expect((await call("GET", `${PODS}/p1`)).status).toBe(404);
    expect((await evict("p1")).status).toBe(404);
    expect((await call("POST", `${PODS}/p2/eviction`, { body: eviction("p1") })).body.message).toContain("does not match name");
  });

  test.each<[string, object, number[]]>([
    ["one must stay", { minAvailable: 1 }, [201, 429]],
    ["half must stay", { minAvailable: "50%" }, [201, 429]],
    ["all must stay", { minAvailable: "100%" }, [429, 429]],
    ["none may go", { maxUnavailable: 0 }, [429, 429]],
    ["all may go", { maxUnavailable: "100%" }, [201, 201]],
  ])("is judged by the budget, also of several at once: %s", async (_, spec, expected) => {
    const { evict } = await start(spec);
    const replies = await Promise.all(["p1", "p2"].map((name) => evict(name)));
    expect(replies.map(({ status }) => status).sort()).toEqual(expected);
    const refused = replies.find(({ status }) => status === 429)?.body;
    if (refused) expect(refused.message).toBe("Cannot evict pod as it would violate the pod's disruption budget.");
  });

  test("of a Pod that is not ready goes if the others are enough, or the budget says so", async () => {
    const { evict, call, server } = await start({ minAvailable: 2 });
    await makePod(server, "ill", false);
    expect((await evict("ill")).status).toBe(201);
    await makePod(server, "ill", false);
    await call("PUT", `${BUDGETS}/b`, { body: budget({ minAvailable: 3, selector: { matchLabels: labels } }) });
    const refused = await evict("ill");
    expect(refused.body.details.causes[0].message).toBe("The disruption budget b needs 3 healthy pods and has 2 currently");
    const spec = { minAvailable: 3, selector: { matchLabels: labels }, unhealthyPodEvictionPolicy: "AlwaysAllow" };
    await call("PUT", `${BUDGETS}/b`, { body: budget(spec) });
    expect((await evict("ill")).status).toBe(201);
  });

  test("two budgets for one Pod are refused", async () => {
    const { evict, call } = await start({ maxUnavailable: 1 });
    await call("POST", BUDGETS, { body: budget({ maxUnavailable: 1, selector: {} }, "c") });
    expect((await evict("p1")).body.message).toContain("more than one PodDisruptionBudget");
  });
});

describe.skipIf(!findKubectl())("kubectl", () => {
  test("drain evicts, and is told that the only node takes instances all the same", async () => {
    const { both, server } = await connectKubectl();
    await server.call("POST", "/api/v1/nodes", { body: { apiVersion: "v1", kind: "Node", metadata: { name: "ebb" } } });
    await makePod(server, "p1");
    const { stdout, stderr } = await both("drain", "ebb", "--force", "--timeout=15s");
    expect(stdout).toContain("pod/p1 evicted");
    expect(stderr).toContain("Warning: this is the only node: instances start on it although it is unschedulable");
    expect((await server.call("GET", `${PODS}/p1`)).status).toBe(404);
  }, 30_000);
});

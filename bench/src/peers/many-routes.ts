import type { Backend, GatewayClient, RouteEntry } from "@ebb/gateway";

export const MANY_ROUTES = 10_000;

export const manyHost = (i: number) => `app-${i}.ns.example.test`;

function backend(i: number): Backend {
  const limits = { containerConcurrency: 10, timeoutSeconds: 300, responseStartTimeoutSeconds: 300, idleTimeoutSeconds: 60 };
  return { key: `ns/app-${i}-00001`, protocol: "http1", ...limits, endpoints: [{ id: `app-${i}-1`, host: "127.0.0.1", port: 9 }] };
}

/** A host with rules as a VirtualService gives them: one answers by itself, one matches by header and rewrites; then the split. */
export function manyRoute(i: number, answer: string): RouteEntry {
  const splits = [{ revision: `ns/app-${i}-00001`, percent: 100 }];
  const service = { service: `ns/app-${i}-00001` };
  const rules: RouteEntry["hosts"][number]["rules"] = [
    { name: "answer", matches: [{ uri: { exact: "/bench" } }], action: { type: "respond", status: 200, body: answer } },
    {
      name: "beta",
      matches: [{ uri: { prefix: "/api/" }, headers: { "x-beta": { exact: "yes" } } }],
      action: { type: "forward", destinations: [{ target: service, weight: 100 }] },
      path: { uri: "/" },
    },
  ];
  return { key: `ns/app-${i}`, hash: answer, hosts: [{ host: manyHost(i), visibility: "external", splits, setHeaders: {}, rules }] };
}

/** Resolves when all of them are in force. */
export async function putManyRoutes(client: GatewayClient): Promise<void> {
  const done: Promise<void>[] = [];
  for (let i = 0; i < MANY_ROUTES; i++) done.push(client.putBackend(backend(i)), client.putRoute(manyRoute(i, "0")));
  await Promise.all(done);
}

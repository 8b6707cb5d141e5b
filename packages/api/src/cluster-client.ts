import type { Cluster, ClusterHosts, CreateCluster, PutClusterHosts } from "./clusters.ts";
import type { CallOptions } from "./place-client.ts";
import { changing, type ChangeOptions } from "./revisions.ts";
import type { Revised } from "./schemas.ts";
import type { Send, SendOptions } from "./transport.ts";

/** Where environments are. */
export function clusterCalls(send: Send) {
  const json = async <T>(method: string, path: string, request?: SendOptions): Promise<T> =>
    (await (await send(method, path, request)).json()) as T;
  const one = (name: string) => `/clusters/${encodeURIComponent(name)}`;
  return {
    listClusters: async (call?: CallOptions) => (await json<{ items: Cluster[] }>("GET", "/clusters", call)).items,
    getCluster: (name: string, call?: CallOptions) => json<Revised<Cluster>>("GET", one(name), call),
    createCluster: (body: CreateCluster) => json<Cluster>("POST", "/clusters", { json: body }),
    /** Asks it now. */
    checkCluster: (name: string) => json<Cluster>("POST", `${one(name)}/check`, { json: {} }),
    getClusterHosts: (name: string, call?: CallOptions) => json<ClusterHosts>("GET", `${one(name)}/hosts`, call),
    putClusterHosts: (name: string, body: PutClusterHosts) => json<ClusterHosts>("PUT", `${one(name)}/hosts`, { json: body }),
    deleteCluster: async (name: string, on?: ChangeOptions): Promise<void> => {
      await send("DELETE", one(name), changing(on));
    },
  };
}

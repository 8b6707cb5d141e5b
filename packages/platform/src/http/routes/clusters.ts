import { Cluster, ClusterHosts, ClusterName, CreateCluster, PutClusterHosts } from "@ebb/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { visibleTeams } from "../../identity/access.ts";
import { callerOf } from "../authorisation.ts";
import { items, read, write, type RouteDeps } from "./shapes.ts";

const ByCluster = Type.Object({ cluster: ClusterName });
const nameOf = (request: FastifyRequest): string => (request.params as Static<typeof ByCluster>).cluster;
const visible = (request: FastifyRequest) => visibleTeams(callerOf(request));
const ADMIN = { platformAdmin: true } as const;

/** Where environments are. */
export function registerClusterRoutes(server: FastifyInstance, { api }: RouteDeps): void {
  const one = "/clusters/:cluster";
  read(
    server,
    "/clusters",
    { summary: "The clusters and how each is, the platform's own first", access: { signedIn: true }, answer: items(Cluster) },
    async (request) => ({ items: await api.clusters.list(visible(request)) }),
  );
  read(server, one, { summary: "A cluster", access: { signedIn: true }, answer: Cluster, params: ByCluster }, (request) =>
    api.clusters.get(nameOf(request), visible(request)),
  );
  write(
    server,
    "/clusters",
    {
      method: "POST",
      summary: "Add a cluster; its credentials are encrypted and never told again",
      access: ADMIN,
      body: CreateCluster,
      answer: Cluster,
      code: 201,
    },
    (request) => api.clusters.create(request.body as CreateCluster, request.user),
  );
  write(
    server,
    `${one}/check`,
    {
      method: "POST",
      summary: "Ask a cluster now how it is",
      access: { signedIn: true },
      params: ByCluster,
      body: Type.Object({}, { additionalProperties: false }),
      answer: Cluster,
      code: 200,
      unaudited: true,
    },
    (request) => api.clusters.check(nameOf(request), visible(request)),
  );
  read(
    server,
    `${one}/hosts`,
    { summary: "Which hosts a cluster gives to apps", access: ADMIN, answer: ClusterHosts, params: ByCluster },
    (request) => api.clusters.hosts(nameOf(request)),
  );
  write(
    server,
    `${one}/hosts`,
    {
      method: "PUT",
      summary: "Give apps hosts under a domain, by the cluster's own settings; everybody else's stay",
      access: ADMIN,
      params: ByCluster,
      body: PutClusterHosts,
      answer: ClusterHosts,
      code: 200,
    },
    (request) => api.clusters.putHosts(nameOf(request), request.body as PutClusterHosts),
  );
  server.delete(
    one,
    { config: { access: ADMIN }, schema: { summary: "Forget a cluster that no environment is on", params: ByCluster } },
    async (request, reply) => {
      await api.clusters.delete(nameOf(request));
      return reply.code(204).send();
    },
  );
}

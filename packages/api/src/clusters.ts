import { Type, type Static } from "typebox";
import { EnvironmentName, Nullable, object, TeamName } from "./names.ts";

export const ClusterName = Type.String({
  pattern: "^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$",
  description: "A DNS label that starts with a letter, at most 30 characters",
});
const Address = Type.String({
  pattern: "^[A-Za-z0-9.:\\[\\]-]{1,253}:[0-9]{1,5}$",
  description: "HOST:PORT of the gateway that its applications are reached through",
});
const Words = (maxLength: number, description: string) => Type.String({ minLength: 1, maxLength, description });

/**
 * `connecting`: it has not been asked yet. `unreachable`: it does not answer, since `lastSeen`; what is on it is `unknown` meanwhile, and
 * nothing else is. `unusable`: it answers, and has no Knative Serving.
 */
export const ClusterState = Type.Union([
  Type.Literal("connecting"),
  Type.Literal("ready"),
  Type.Literal("unreachable"),
  Type.Literal("unusable"),
]);
export type ClusterState = Static<typeof ClusterState>;

/** Where environments are: an engine with the Kubernetes API. Its credentials are never told. */
export const Cluster = object({
  name: ClusterName,
  main: Type.Boolean({ description: "The one that the platform was started with" }),
  server: Type.String({ description: "The address of its API" }),
  ingress: Type.String({ description: "HOST:PORT of the gateway that its applications are reached through" }),
  state: ClusterState,
  since: Type.String({ description: "When it came into this state" }),
  message: Type.String({ description: "Why it is not ready" }),
  version: Nullable(Type.String({ description: "Of its API server" })),
  knative: Nullable(Type.Boolean({ description: "Whether it has Knative Serving; null: it has not answered yet" })),
  istio: Nullable(Type.Boolean({ description: "Whether it has Istio's networking: rules by header and path" })),
  latencyMs: Nullable(Type.Integer({ description: "How long its last answer took, in milliseconds" })),
  lastSeen: Nullable(Type.String()),
  environments: Type.Array(object({ team: TeamName, name: EnvironmentName }), { description: "On it, of the teams that you can see" }),
  apps: Type.Integer({ description: "In these environments" }),
  instances: Type.Integer({ description: "That run in these environments" }),
  createdAt: Nullable(Type.String()),
  createdBy: Nullable(Type.String()),
});
export type Cluster = Static<typeof Cluster>;

/** A key of a ConfigMap in `knative-serving`; null: it is not there. */
const ClusterHostsChange = object({
  configMap: Type.String(),
  key: Type.String(),
  before: Nullable(Type.String()),
  after: Nullable(Type.String()),
});
export type ClusterHostsChange = Static<typeof ClusterHostsChange>;

/** Which hosts a cluster gives to Ebb's apps: `{host}.{domain}`. */
export const ClusterHosts = object({
  domain: Nullable(Type.String({ description: "For Ebb's apps alone; null: they are under the cluster's own" })),
  template: Type.String({ description: "config-network's domain-template" }),
  changes: Type.Array(ClusterHostsChange, { description: "What was, or would be, changed" }),
  apps: Type.Integer({ description: "Places of apps on it, whose hosts follow" }),
});
export type ClusterHosts = Static<typeof ClusterHosts>;

export const PutClusterHosts = object({
  domain: Nullable(
    Type.String({
      maxLength: 200,
      pattern: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)+$",
      description: "sls-eu.example.com: apps are at {host}.sls-eu.example.com; null gives the cluster's own hosts back",
    }),
  ),
  dryRun: Type.Optional(Type.Boolean({ description: "Only says what would be changed" })),
});
export type PutClusterHosts = Static<typeof PutClusterHosts>;

const Place = {
  name: ClusterName,
  ingress: Address,
  unchecked: Type.Optional(Type.Boolean({ description: "Adds it though it does not answer, or has no Knative" })),
};
/** By a kubeconfig, of which the current context is taken; or by an address and a token. */
export const CreateCluster = Type.Union([
  object({ ...Place, kubeconfig: Words(65_536, "Its current context, with all that it needs in it") }),
  object({
    ...Place,
    server: Words(2048, "https://HOST:PORT"),
    token: Words(16_384, "Of a ServiceAccount that may do what docs/guide/clusters.md says"),
    ca: Type.Optional(Words(65_536, "The authority of its certificate, in PEM")),
  }),
]);
export type CreateCluster = Static<typeof CreateCluster>;

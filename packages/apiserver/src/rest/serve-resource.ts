import type { Clock, Logger } from "@ebb/base";
import { badRequest, CERTIFICATES_GROUP, isCore, StatusError, type Kind, type KubeList, type KubeObject } from "@ebb/kube";
import type { Subresource } from "../registry/prepare-update.ts";
import type { Deletion, Registry } from "../registry/registry.ts";
import type { Target } from "../registry/staged-write.ts";
import { acceptedOf } from "./accept.ts";
import { ok, type Answer, type Exchange } from "./http-types.ts";
import { APPLY_PATCH, patchOf } from "./patch-request.ts";
import { mediaTypeOf, parseAsJson, parseAsYaml, readObject, readText } from "./read-body.ts";
import { noSuchResource, notAllowed } from "./respond.ts";
import { representList, representObject, viewFor } from "./represent.ts";
import { applyOptionsOf, contextOf, deleteOptionsOf, flagOf, listRequestOf, refuseForce } from "./request-options.ts";
import type { ResourcePath } from "./resource-path.ts";
import type { Authorize } from "../authz/attributes.ts";
import { denial } from "../authz/denial.ts";
import type { AccountTokens } from "../accounts/account-tokens.ts";
import { serveAccountToken } from "./serve-account-token.ts";
import { serveEviction } from "./serve-eviction.ts";
import { serveMeasured, type Measure } from "./serve-measured.ts";
import { servePodLog, type PodLogs } from "./serve-pod-log.ts";
import { serveScale } from "./serve-scale.ts";
import { isStream, planStream, upgradeRequired } from "../streams/plan-stream.ts";
import type { PodStreams } from "../streams/pod-streams.ts";
import { serveWatch } from "./serve-watch.ts";

/** What the cluster knows of an object beside what is stored: read alone, computed when asked, at once or as a promise. Keys are `PLURAL/SUBRESOURCE`. */
export type Views = Readonly<Record<string, (namespace: string, name: string, query: URLSearchParams) => unknown>>;

export interface ResourceDeps {
  registry: Registry;
  accounts: AccountTokens;
  authorize: Authorize;
  clock: Clock;
  log: Logger;
  podLogs: PodLogs;
  podStreams: PodStreams;
  views: Views;
  measure: Measure;
  metrics: () => string;
  /** Those that are served now. */
  kinds: readonly Kind[];
}

/** Collections, objects and subresources: verbs to machinery. */
export async function serveResource(exchange: Exchange, path: ResourcePath, deps: ResourceDeps): Promise<Answer | undefined> {
  const { kind, namespace, name, subresource } = path;
  if (kind.measured) return serveMeasured(exchange, path, deps);
  if (name === undefined) return serveCollection(exchange, kind, namespace, deps);
  const target: Target = { kind, namespace, name };
  if (subresource === undefined) return serveObject(exchange, target, deps);
  if (subresource === "status" && kind.statusSubresource) return serveObject(exchange, target, deps, "status");
  if (subresource === "approval" && kind.group === CERTIFICATES_GROUP) return serveObject(exchange, target, deps, "approval");
  if (subresource === "scale" && kind.scale) return serveScale(exchange, target, kind.scale, deps);
  if (subresource === "log" && isCore(kind, "Pod") && kind.group === "") return servePodLog(exchange, target, deps);
  if (isStream(target, subresource)) throw upgradeRequired(planStream(exchange, target, subresource, deps).protocols);
  if (subresource === "token" && isCore(kind, "ServiceAccount")) return serveAccountToken(exchange, target, deps);
  if (subresource === "finalize" && isCore(kind, "Namespace") && exchange.method === "PUT")
    return serveObject(exchange, target, deps, "finalize");
  if (subresource === "eviction" && isCore(kind, "Pod") && kind.group === "") return serveEviction(exchange, target, deps.registry);
  // As kubectl repeats it, beside words of its own for a server without them; it looks into the details, which so must be there.
  if (subresource === "ephemeralcontainers" && isCore(kind, "Pod"))
    throw new StatusError("NotFound", "no container can be added to an instance: look into it with kubectl exec", {});
  const view = deps.views[`${kind.plural}/${subresource}`];
  if (!view) throw noSuchResource({ name, ...(kind.group === "" ? {} : { group: kind.group }), kind: kind.plural });
  if (exchange.method !== "GET") throw notAllowed(exchange.method);
  deps.registry.get(target);
  return ok(await view(namespace ?? "", name, exchange.query));
}

async function serveCollection(
  exchange: Exchange,
  kind: Kind,
  namespace: string | undefined,
  deps: ResourceDeps,
): Promise<Answer | undefined> {
  const { method, query, request } = exchange;
  // Nothing is written whose answer the client could not read.
  acceptedOf(request.headers.accept);
  if (method === "GET" && flagOf(query, "watch")) return serveWatch(exchange, { kind, namespace }, deps);
  if (method === "GET") return serveList(exchange, kind, deps.registry.list(kind, listRequestOf(query, namespace)), deps);
  if (method === "POST") {
    if (kind.namespaced && namespace === undefined) throw notAllowed(method);
    const warnings: string[] = [];
    const context = contextOf(exchange, (text) => warnings.push(text));
    const body = await required(readObject(request, (text) => context.duplicates.push(text)));
    const created = await deps.registry.create(kind, namespace, body, context);
    return { ...(await serveOne(exchange, kind, created, deps)), status: 201, warnings };
  }
  if (method !== "DELETE") throw notAllowed(method);
  const { options, dryRun } = deleteOptionsOf(await readObject(request), query);
  const context = contextOf(exchange, () => undefined);
  const list = await deps.registry.deleteCollection(kind, listRequestOf(query, namespace), options, {
    ...context,
    dryRun: dryRun || context.dryRun === true,
  });
  return serveList(exchange, kind, list, deps);
}

async function serveList(exchange: Exchange, kind: Kind, list: KubeList, { registry, clock }: ResourceDeps): Promise<Answer> {
  const items = await registry.inVersion(kind, list.items);
  return ok(representList(kind, { ...list, items: items as KubeObject[] }, viewFor(exchange, clock)));
}

async function serveOne(exchange: Exchange, kind: Kind, object: KubeObject, { registry, clock }: ResourceDeps): Promise<Answer> {
  const [seen = object] = await registry.inVersion(kind, [object]);
  return ok(representObject(kind, seen, viewFor(exchange, clock)));
}

async function serveObject(exchange: Exchange, target: Target, deps: ResourceDeps, subresource?: Subresource): Promise<Answer> {
  const { method, query, request } = exchange;
  const { registry } = deps;
  acceptedOf(request.headers.accept);
  const warnings: string[] = [];
  const context = contextOf(exchange, (text) => warnings.push(text));
  const duplicate = (text: string) => void context.duplicates.push(text);
  const answer = async (object: KubeObject): Promise<Answer> => ({ ...(await serveOne(exchange, target.kind, object, deps)), warnings });
  if (method === "GET") return answer(registry.get(target));
  if (method === "PUT") return answer(await registry.update(target, await required(readObject(request, duplicate)), context, subresource));
  if (method === "PATCH" && mediaTypeOf(request) === APPLY_PATCH) {
    const options = applyOptionsOf(query);
    const body = parseAsYaml(await readText(request), duplicate);
    const authorizeCreate = () => checkCreate(exchange, target, deps.authorize);
    const { object, created } = await registry.apply(
      target,
      { body, ...options },
      { ...context, patched: true, authorizeCreate },
      subresource,
    );
    return { ...(await answer(object)), status: created ? 201 : 200 };
  }
  if (method === "PATCH") {
    refuseForce(query);
    const text = await readText(request);
    const transform = patchOf(target.kind, mediaTypeOf(request), () => parseAsJson(text, duplicate));
    return answer(await registry.modify(target, transform, { ...context, patched: true }, subresource));
  }
  if (method !== "DELETE" || subresource !== undefined) throw notAllowed(method);
  const { options, dryRun, cascade } = deleteOptionsOf(await readObject(request), query);
  const deletion = await registry.delete(target, options, { ...context, dryRun: dryRun || context.dryRun === true });
  if (deletion.removed) return { ...ok(removedStatus(target, deletion)), warnings };
  return { ...(await answer(deletion.object)), status: cascade ? 202 : 200 };
}

function checkCreate({ user }: Exchange, { kind, namespace = "", name }: Target, authorize: Authorize): void {
  const attributes = { user, verb: "create", group: kind.group, resource: kind.plural, namespace, name };
  if (!authorize(attributes).allowed) throw denial(attributes);
}

async function required(body: Promise<unknown>): Promise<unknown> {
  const object = await body;
  if (object === undefined) throw badRequest("the request needs a body: the object");
  return object;
}

function removedStatus({ kind, name }: Target, { object, again }: Deletion): unknown {
  const uid = again ? {} : { uid: object.metadata.uid };
  const details = { name, ...(kind.group === "" ? {} : { group: kind.group }), kind: kind.plural, ...uid };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}

import type { Admission } from "../admission/admission.ts";
import { StatusError, type Kind } from "@ebb/kube";
import { AGGREGATED_TYPE, aggregatedDiscovery, wantsAggregated } from "./aggregated-discovery.ts";
import { coreVersions, group, groupList, resourceList, rootPaths } from "./discovery.ts";
import { readDescriptions } from "./descriptions.ts";
import { health, isPublic } from "./health.ts";
import { ok, type Answer, type Exchange } from "./http-types.ts";
import { openApiV2 } from "./openapi-v2.ts";
import { openApiDocument, openApiIndex } from "./openapi.ts";
import { parseProxyPath } from "../proxy/proxy-path.ts";
import { serveProxy } from "../proxy/proxy.ts";
import { parseResourcePath } from "./resource-path.ts";
import { noSuchResource, notAllowed } from "./respond.ts";
import { serveResource, type ResourceDeps } from "./serve-resource.ts";
import { reviewAt, type ReviewDeps } from "./serve-reviews.ts";
import { openIdConfiguration } from "../accounts/account-tokens.ts";

/** What Go calls them. */
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** The version of Kubernetes whose conventions are followed. */
const VERSION = {
  major: "1",
  minor: "32",
  gitVersion: "v1.32.0+ebb",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: "",
  platform: `${process.platform}/${GO_ARCHITECTURES[process.arch] ?? process.arch}`,
};

const PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

export interface RouteDeps extends ResourceDeps {
  reviews: ReviewDeps;
  /** What users have to say about requests that are no writes: those for streams. */
  admission: Admission;
}

/** Finds who answers a request that was authorised. Throws StatusError. */
export async function routeRequest(exchange: Exchange, deps: RouteDeps): Promise<Answer | undefined> {
  const { path } = exchange;
  const [root = "", ...rest] = path;
  if (isPublic(path)) return health(path, exchange.query);
  const proxied = parseProxyPath(exchange.request.url ?? "");
  if (proxied) return serveProxy(exchange, proxied, deps);
  if (root === "api" && rest[0] === "v1" && rest.length > 1)
    return serveResource(exchange, parseResourcePath(deps.kinds, "", "v1", rest.slice(1)), deps);
  if (root === "apis" && rest.length > 2) return serveGroup(exchange, rest, deps);
  if (exchange.method !== "GET") throw notAllowed(exchange.method);
  if (root === "metrics" && rest.length === 0) return { status: 200, body: deps.metrics(), contentType: PROMETHEUS_TEXT };
  const at = path.join("/");
  if (at === "openid/v1/jwks") return { status: 200, body: await deps.accounts.keySet(), contentType: "application/jwk-set+json" };
  if (at === ".well-known/openid-configuration") return ok(openIdConfiguration(`https://${exchange.request.headers.host ?? ""}`));
  if ((root === "api" || root === "apis") && rest.length === 0 && wantsAggregated(exchange.request.headers.accept))
    return { status: 200, body: aggregatedDiscovery(deps.kinds, root), contentType: AGGREGATED_TYPE };
  if (at === "openapi/v2") checkJson(exchange.request.headers.accept);
  return ok(found(describe(deps.kinds, root, rest)));
}

async function serveGroup(exchange: Exchange, segments: string[], deps: RouteDeps): Promise<Answer | undefined> {
  const [name = "", version = "", ...rest] = segments;
  const review = reviewAt(exchange, segments, deps.reviews);
  return review ?? serveResource(exchange, parseResourcePath(deps.kinds, name, version, rest), deps);
}

/** What the server says about itself; undefined if there is nothing at that path. */
function describe(kinds: readonly Kind[], root: string, rest: readonly string[]): unknown {
  const [first, second, third] = rest;
  if (root === "") return rootPaths(kinds);
  if (root === "version" && rest.length === 0) return VERSION;
  if (root === "api") return first === undefined ? coreVersions() : resourceList(kinds, "", first);
  if (root === "apis")
    return first === undefined ? groupList(kinds) : second === undefined ? group(kinds, first) : resourceList(kinds, first, second);
  if (root === "openapi" && first === "v2" && rest.length === 1) return openApiV2(kinds, VERSION.gitVersion);
  if (root !== "openapi" || first !== "v3") return undefined;
  if (second === undefined) return openApiIndex(kinds);
  const [name, version] = second === "api" ? ["", third] : [third, rest[3]];
  return openApiDocument(kinds, name ?? "", version ?? "", readDescriptions());
}

/** client-go reads nothing but protobuf here, and does without the document if it cannot have that. */
function checkJson(accept = "*/*"): void {
  const choices = accept.split(",").map((choice) => choice.split(";", 1)[0]?.trim());
  if (choices.some((type) => type === "application/json" || type === "application/*" || type === "*/*")) return;
  throw new StatusError("NotAcceptable", "only the following media types are accepted: application/json");
}

function found(body: unknown): unknown {
  if (body === undefined) throw noSuchResource();
  return body;
}

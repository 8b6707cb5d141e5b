import type { Clock } from "@ebb/base";
import { apiVersionOf, invalid, StatusError, type Kind, type KubeObject, type WatchEvent } from "@ebb/kube";
import type { Registry } from "../registry/registry.ts";
import { INITIAL_END } from "../registry/watch-stream.ts";
import { acceptedOf } from "./accept.ts";
import type { Exchange } from "./http-types.ts";
import { representEvent, representList, viewFor, type View } from "./represent.ts";
import { flagOf, listRequestOf, numberOf } from "./request-options.ts";
import { writeAll } from "./stream.ts";

/** Kubernetes ends a watch after 30 to 60 minutes; shorter is allowed, and lets a client whose connection died unnoticed find out. */
const DEFAULT_SECONDS = 45 * 60;
const MAX_SECONDS = 2 * 60 * 60;
const BOOKMARK_PERIOD = 60_000;
/** Before a watch ends by its timeout, it says how far it has come; as k8s.io/apiserver's watch cache. */
const LAST_BOOKMARK = 2000;
/** WatchList: what the list is that the initial events make, for clients that asked for one by a watch; as in meta/v1. */
const BLUEPRINT = "kubernetes.io/initial-events-list-blueprint";

const NO_YAML =
  "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";

interface WatchDeps {
  registry: Registry;
  clock: Clock;
}

/** A watch as lines of JSON, one event each. What fails before the first line is answered with its own status code. */
export async function serveWatch(
  exchange: Exchange,
  { kind, namespace }: { kind: Kind; namespace: string | undefined },
  { registry, clock }: WatchDeps,
): Promise<undefined> {
  const { query, response } = exchange;
  const sendInitialEvents = initialEventsOf(kind, query);
  // A list cannot be made of tables with a row each.
  const accepted = acceptedOf(exchange.request.headers.accept, sendInitialEvents ? "table" : undefined);
  const view = viewFor(exchange, clock, accepted);
  // Events have no form in YAML.
  if (accepted.encoding === "yaml") throw new StatusError("NotAcceptable", NO_YAML);
  const seconds = Math.min(numberOf(query, "timeoutSeconds") || DEFAULT_SECONDS, MAX_SECONDS);
  const ending = new AbortController();
  const both = AbortSignal.any([exchange.signal(), ending.signal]);
  const options = { ...listRequestOf(query, namespace), signal: both, ...(sendInitialEvents === undefined ? {} : { sendInitialEvents }) };
  const stream = registry.watch(kind, options);
  const timeout = clock.after(seconds * 1000, () => ending.abort());
  const bookmark = () => stream.bookmark();
  const bookmarks = flagOf(query, "allowWatchBookmarks")
    ? [clock.every(BOOKMARK_PERIOD, bookmark), clock.after(Math.max(0, seconds * 1000 - LAST_BOOKMARK), bookmark)]
    : [];
  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-cache, private" });
  response.flushHeaders();
  try {
    let header = true;
    for await (const event of stream) {
      const [seen = event.object] = await registry.inVersion(kind, [event.object]);
      const object = representEvent(kind, withBlueprint(kind, seen, view), { ...view, now: clock.now() }, header);
      if (!(await writeAll(response, line({ type: event.type, object }), both))) break;
      header = false;
    }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    await writeAll(response, line({ type: "ERROR", object: error.toBody() }), both);
  } finally {
    timeout.cancel();
    for (const timer of bookmarks) timer.cancel();
    ending.abort();
  }
  response.end();
  return undefined;
}

/** The bookmark after the initial events says in what they make a list. */
function withBlueprint(kind: Kind, object: KubeObject, view: View): KubeObject {
  const { annotations } = object.metadata;
  if (annotations !== INITIAL_END) return object;
  const list = { apiVersion: apiVersionOf(kind), kind: `${kind.kind}List`, metadata: { resourceVersion: "" }, items: [] };
  const blueprint = Buffer.from(JSON.stringify(representList(kind, list, view))).toString("base64");
  return { ...object, metadata: { ...object.metadata, annotations: { ...annotations, [BLUEPRINT]: blueprint } } };
}

function line(event: { type: WatchEvent["type"]; object: unknown }): string {
  return `${JSON.stringify(event)}\n`;
}

/** WatchList, by the rules of k8s.io/apimachinery: asked for in part, it is refused, or an informer would wait for ever. */
function initialEventsOf(kind: Kind, query: URLSearchParams): boolean | undefined {
  const match = query.get("resourceVersionMatch");
  if (!query.has("sendInitialEvents")) {
    if (!match) return undefined;
    throw refusal(kind, "resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
  }
  if (match !== "NotOlderThan") {
    throw refusal(kind, "resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  }
  return flagOf(query, "sendInitialEvents");
}

function refusal(kind: Kind, field: string, why: string): StatusError {
  return invalid({ group: "meta.k8s.io", kind: "ListOptions", plural: kind.plural }, "", [
    { reason: "FieldValueForbidden", field, message: `Forbidden: ${why}` },
  ]);
}

import type { Clock } from "@ebb/base";
import { invalid, StatusError, type Kind, type WatchEvent } from "@ebb/kube";
import type { Registry } from "../registry/registry.ts";
import { acceptedOf } from "./accept.ts";
import type { Exchange } from "./http-types.ts";
import { representEvent, viewFor } from "./represent.ts";
import { flagOf, listRequestOf, numberOf } from "./request-options.ts";
import { writeAll } from "./stream.ts";

/** Kubernetes ends a watch after 30 to 60 minutes; shorter is allowed, and lets a client whose connection died unnoticed find out. */
const DEFAULT_SECONDS = 45 * 60;
const MAX_SECONDS = 2 * 60 * 60;
const BOOKMARK_PERIOD = 60_000;

const NO_YAML = "only the following media types are accepted: application/json, application/vnd.kubernetes.protobuf;stream=watch";

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
  const view = viewFor(exchange, clock);
  // Events have no form in YAML.
  if (acceptedOf(exchange.request.headers.accept).encoding === "yaml") throw new StatusError("NotAcceptable", NO_YAML);
  const sendInitialEvents = initialEventsOf(kind, query);
  const seconds = Math.min(numberOf(query, "timeoutSeconds") || DEFAULT_SECONDS, MAX_SECONDS);
  const ending = new AbortController();
  const both = AbortSignal.any([exchange.signal(), ending.signal]);
  const options = { ...listRequestOf(query, namespace), signal: both, ...(sendInitialEvents === undefined ? {} : { sendInitialEvents }) };
  const stream = registry.watch(kind, options);
  const timeout = clock.after(seconds * 1000, () => ending.abort());
  const bookmarks = flagOf(query, "allowWatchBookmarks") ? clock.every(BOOKMARK_PERIOD, () => stream.bookmark()) : undefined;
  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-cache, private" });
  response.flushHeaders();
  try {
    let header = true;
    for await (const event of stream) {
      const [seen = event.object] = await registry.inVersion(kind, [event.object]);
      const object = representEvent(kind, seen, { ...view, now: clock.now() }, header);
      if (!(await writeAll(response, line({ type: event.type, object }), both))) break;
      header = false;
    }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    await writeAll(response, line({ type: "ERROR", object: error.toBody() }), both);
  } finally {
    timeout.cancel();
    bookmarks?.cancel();
    ending.abort();
  }
  response.end();
  return undefined;
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

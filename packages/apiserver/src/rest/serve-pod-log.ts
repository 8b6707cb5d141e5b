import { rfc3339, type Clock } from "@ebb/base";
import { badRequest, type Pod } from "@ebb/kube";
import type { Registry } from "../registry/registry.ts";
import type { Target } from "../registry/staged-write.ts";
import { containerOf } from "./container-of.ts";
import type { Exchange } from "./http-types.ts";
import { flagOf, numberOf } from "./request-options.ts";
import { notAllowed } from "./respond.ts";
import { writeAll } from "./stream.ts";

export interface PodLogLine {
  /** Milliseconds since the epoch. */
  time: number;
  stream: "stdout" | "stderr";
  /** Without the line's end. */
  text: string;
}
export interface PodLogOptions {
  /** By its name in the Pod. */
  container: string;
  follow: boolean;
  /** The last so many lines; all when absent. */
  tail?: number;
  /** Milliseconds since the epoch. */
  since?: number;
  signal: AbortSignal;
}
/** Where the lines of an instance come from. Ends when there are no more, or, following, when the instance is gone or the signal aborted. */
export type PodLogs = (namespace: string, name: string, options: PodLogOptions) => AsyncIterable<PodLogLine>;

interface LogDeps {
  registry: Registry;
  clock: Clock;
  podLogs: PodLogs;
}

/** `pods/NAME/log`: plain text, as fast as the client reads it. */
export async function servePodLog(exchange: Exchange, target: Target, { registry, clock, podLogs }: LogDeps): Promise<undefined> {
  const { method, query, response } = exchange;
  if (method !== "GET") throw notAllowed(method);
  const pod = registry.get(target) as Pod;
  const container = containerOf(pod, query.get("container"));
  const signal = exchange.signal();
  const options = logOptionsOf(query, clock.now(), signal);
  const timestamps = flagOf(query, "timestamps");
  let left = numberOf(query, "limitBytes") ?? Number.POSITIVE_INFINITY;
  const read = (how: Omit<PodLogOptions, "container">) => podLogs(target.namespace ?? "", target.name, { ...how, container });
  const { tail, ...whole } = options;
  const lines = flagOf(query, "previous")
    ? linesBefore(read({ ...whole, follow: false }), { until: endOfPrevious(pod, container), tail })
    : read(options);
  let started = false;
  const start = () => {
    started = true;
    response.writeHead(200, { "content-type": "text/plain", "cache-control": "no-cache, private" });
    response.flushHeaders();
  };
  // A follower must know that it is connected although nothing was written yet; else a failure can still be answered as one.
  if (options.follow) start();
  for await (const { time, text } of lines) {
    if (!started) start();
    const bytes = Buffer.from(`${timestamps ? `${stamp(time)} ` : ""}${text}\n`);
    const part = bytes.length > left ? bytes.subarray(0, left) : bytes;
    left -= part.length;
    if (!(await writeAll(response, part, signal)) || left <= 0) break;
  }
  if (!started) start();
  response.end();
  return undefined;
}

/** When the program ended that ran in the container before the present one, milliseconds; its second is told, so to its end. Throws BadRequest. */
function endOfPrevious({ metadata, status }: Pod, container: string): number {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const finishedAt = all.find(({ name }) => name === container)?.lastState?.terminated?.finishedAt;
  const why = `previous terminated container ${JSON.stringify(container)} in pod ${JSON.stringify(metadata.name)} not found`;
  if (finishedAt === undefined) throw badRequest(why);
  return Date.parse(finishedAt) + 999;
}

/** An instance that is started again goes on in the same log: what was written until then, the last lines of it where they are counted. */
async function* linesBefore(
  lines: AsyncIterable<PodLogLine>,
  { until, tail }: { until: number; tail: number | undefined },
): AsyncGenerator<PodLogLine> {
  const last: PodLogLine[] = [];
  for await (const line of lines) {
    if (line.time > until) break;
    if (tail === undefined) yield line;
    else if (last.push(line) > tail) last.shift();
  }
  yield* last;
}

function logOptionsOf(query: URLSearchParams, now: number, signal: AbortSignal): Omit<PodLogOptions, "container"> {
  const tail = numberOf(query, "tailLines");
  const seconds = numberOf(query, "sinceSeconds");
  const time = query.get("sinceTime");
  if (seconds !== undefined && time) throw badRequest("at most one of `sinceTime` or `sinceSeconds` may be specified");
  const since = time ? Date.parse(time) : seconds === undefined ? undefined : now - seconds * 1000;
  if (since !== undefined && Number.isNaN(since)) throw badRequest("sinceTime must be a time of RFC 3339");
  return {
    follow: flagOf(query, "follow"),
    signal,
    ...(tail === undefined ? {} : { tail }),
    ...(since === undefined ? {} : { since }),
  };
}

/** RFC 3339 with nanoseconds, as the kubelet writes it. */
function stamp(time: number): string {
  const milliseconds = String(Math.floor(time) % 1000).padStart(3, "0");
  return rfc3339(time).replace("Z", `.${milliseconds}000000Z`);
}

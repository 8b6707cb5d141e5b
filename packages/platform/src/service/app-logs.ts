import type { LogRecord } from "@ebb/api";
import { causeChain, type Clock, type Logger } from "@ebb/base";
import type { Pod } from "@ebb/kube";
import { PLATFORM_LABELS, type Cluster } from "../cluster/port.ts";
import { Waiter } from "./events.ts";

export interface LogSources {
  cluster: Cluster;
  clock: Clock;
  log: Logger;
}
export interface LogSelection {
  version?: string;
  instance?: string;
  follow: boolean;
  tail?: number;
  since?: string;
  /** RFC 3339: nothing that is later. What is followed ends then. */
  until?: string;
  signal: AbortSignal;
}

const DEFAULT_TAIL = 1000;
/** Read at once; the rest wait for their turn. */
const MOST_PODS = 50;
/** Lines between the pods and a reader that is slow: then the pods' streams are not read on. */
const QUEUE = 1000;
/** A pod whose log cannot be read yet (its container is being created) is asked again after this. */
const RETRY = 1000;
/** What was written just before `until` is there to be read after so long. */
const LATE = 2000;

/**
 * An app's log lines: those that there are in the order of their times, or, followed, as they come from each instance, new ones too. Until a time
 * that is over nothing is to come.
 */
export function appLogs(sources: LogSources, app: string, selection: LogSelection): AsyncGenerator<LogRecord> {
  const { follow, until } = selection;
  const end = until === undefined ? Infinity : Date.parse(until) + LATE;
  return follow && sources.clock.now() < end
    ? followed(sources, app, { ...selection, end })
    : present(sources, app, { ...selection, follow: false });
}

/** When it has an end, on the platform's clock. */
type Followed = LogSelection & { end: number };

function select(cluster: Cluster, app: string, { version, instance }: LogSelection): Pod[] {
  return cluster
    .pods(app)
    .filter((pod) => (version === undefined || versionOf(pod) === version) && (instance === undefined || pod.metadata.name === instance));
}

async function* present(sources: LogSources, app: string, selection: LogSelection): AsyncGenerator<LogRecord> {
  const tail = selection.tail ?? DEFAULT_TAIL;
  if (tail === 0) return;
  const records: LogRecord[] = [];
  for (const pod of select(sources.cluster, app, selection).slice(-MOST_PODS)) {
    try {
      for await (const record of selection.until === undefined
        ? readPod(sources, pod, { ...selection, tail })
        : lastUntil(Date.parse(selection.until), tail, readPod(sources, pod, { ...selection, tail: undefined })))
        records.push(record);
    } catch (error) {
      selection.signal.throwIfAborted();
      sources.log.debug({ pod: pod.metadata.name, causes: causeChain(error) }, "the log of an instance could not be read");
    }
  }
  records.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  yield* records.slice(-tail);
}

/** A cluster knows the end of a pod's log alone: what is before a moment is read from its beginning. */
async function* lastUntil(until: number, most: number, pod: AsyncIterable<LogRecord>): AsyncGenerator<LogRecord> {
  const kept: LogRecord[] = [];
  for await (const record of pod) {
    if (Date.parse(record.time) > until) break;
    kept.push(record);
    if (kept.length > 2 * most) kept.splice(0, kept.length - most);
  }
  yield* kept.slice(-most);
}

async function* followed(sources: LogSources, app: string, selection: Followed): AsyncGenerator<LogRecord> {
  const { cluster, clock } = sources;
  const ended = new AbortController();
  const signal = AbortSignal.any([selection.signal, ended.signal]);
  const queue: LogRecord[] = [];
  const filled = new Waiter(signal);
  const space = new Waiter(signal);
  const following = new Set<string>();
  const isOver = () => clock.now() >= selection.end;
  const begin = () => {
    for (const pod of select(cluster, app, selection)) {
      if (following.size >= MOST_PODS || following.has(pod.metadata.name)) continue;
      following.add(pod.metadata.name);
      void pump(pod);
    }
  };
  const pump = async (pod: Pod) => {
    for await (const record of followPod(sources, app, pod, { ...selection, signal })) {
      while (queue.length >= QUEUE && !signal.aborted) {
        space.reset();
        await space.wait();
      }
      queue.push(record);
      filled.wake();
    }
    following.delete(pod.metadata.name);
    filled.wake();
  };
  const unsubscribe = cluster.onChange((change) => {
    if (change.kind === "pod" && change.app === app && !isOver()) begin();
  });
  const timer = selection.end === Infinity ? undefined : clock.after(selection.end - clock.now(), () => filled.wake());
  try {
    begin();
    while (!signal.aborted) {
      filled.reset();
      yield* queue.splice(0);
      space.wake();
      if (queue.length > 0) continue;
      if (isOver() && following.size === 0) return;
      await filled.wait();
    }
  } finally {
    timer?.cancel();
    unsubscribe();
    ended.abort();
  }
}

/**
 * One pod's lines until it is gone, or the end has come; taken up again after the last line when the stream breaks. At the end what there is by then
 * is read once more, as the stream may have been behind. Never throws.
 */
async function* followPod(sources: LogSources, app: string, pod: Pod, selection: Followed): AsyncGenerator<LogRecord> {
  const { cluster, clock } = sources;
  const { signal, end } = selection;
  const until = selection.until === undefined ? Infinity : Date.parse(selection.until);
  const stop = new AbortController();
  const streaming = AbortSignal.any([signal, stop.signal]);
  const timer = end === Infinity ? undefined : clock.after(end - clock.now(), () => stop.abort());
  /** The newest time that was read and the lines that have it, which may be many: a stream that is taken up again begins with all of these. */
  let newest = { time: "", lines: 0 };
  const there = () => cluster.pods(app).some((other) => other.metadata.uid === pod.metadata.uid);
  try {
    for (;;) {
      const isLast = stop.signal.aborted;
      let { time: since, lines: again } = newest;
      try {
        const from = since === "" ? selection : { ...selection, since, tail: undefined };
        for await (const record of readPod(sources, pod, { ...from, follow: !isLast, signal: isLast ? signal : streaming })) {
          if (again > 0 && record.time === since) {
            again--;
            continue;
          }
          if (Date.parse(record.time) > until) continue;
          yield record;
          if (record.time > newest.time) newest = { time: record.time, lines: 0 };
          if (record.time === newest.time) newest.lines++;
        }
      } catch {
        // Not there yet, or the cluster is restarting: below it is asked again as long as the pod is there.
      }
      if (signal.aborted || isLast || !there()) return;
      if (stop.signal.aborted) continue;
      const pause = new Waiter(streaming);
      const retry = clock.after(RETRY, () => pause.wake());
      await pause.wait();
      retry.cancel();
    }
  } finally {
    timer?.cancel();
  }
}

async function* readPod(
  { cluster }: LogSources,
  pod: Pod,
  { follow, tail, since, signal }: { follow: boolean; tail?: number | undefined; since?: string; signal: AbortSignal },
): AsyncGenerator<LogRecord> {
  const options = { follow, signal, ...(tail === undefined ? {} : { tail }), ...(since === undefined ? {} : { since }) };
  const version = versionOf(pod);
  if (version === undefined) return;
  for await (const { time, text } of cluster.podLogs(pod.metadata.name, options)) {
    // Kubernetes does not tell stdout from stderr in a pod's log.
    yield { time, version, instance: pod.metadata.name, stream: "output", text };
  }
}

function versionOf(pod: Pod): string | undefined {
  return pod.metadata.labels?.[PLATFORM_LABELS.version];
}

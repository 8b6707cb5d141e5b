import { causeChain, type Clock, type Logger, type Timer } from "@ebb/base";
import type { LoggedRequest, RevisionStats } from "@ebb/gateway";
import { LABELS, type RequestLogInput, type Revision } from "@ebb/kube";
import type { InstanceManager, InstanceStatus, WrittenLogs } from "@ebb/runtime";
import type { Settings } from "../config/settings.ts";
import type { GatewayPort } from "../ports.ts";

export interface RequestLinesOptions {
  logs: Pick<WrittenLogs, "append" | "keepOnly">;
  settings: Pick<Settings, "current">;
  gateway: Pick<GatewayPort, "onStats">;
  instances: Pick<InstanceManager, "all" | "instances">;
  /** Of `namespace/revision`. */
  revisionOf(key: string): Revision | undefined;
  clock: Clock;
  log: Logger;
}

/** What upstream's queue-proxy asks itself with (networking/pkg/http/header). */
const PROBE_AGENT = "Knative-Queue-Proxy-Probe";
/** While an instance starts, it is looked at far more often. */
const PROBE_PERIOD = 1000;
/** Logs of instances that are forgotten are deleted this often. */
const SWEEP_PERIOD = 60_000;

/**
 * The lines that Knative's `queue-proxy` writes of each request (pkg/http/request_log.go), by `logging.request-log-template` in config-observability: the
 * gateway tells of the requests once a second, and here they become text. What cannot be written is reported and left out.
 */
export class RequestLines {
  readonly #options: RequestLinesOptions;
  #timer: Timer | undefined;
  #unsubscribe: (() => void) | undefined;
  #failing = false;
  /** When a line of a probe was written, by instance. */
  readonly #probes = new Map<string, number>();

  constructor(options: RequestLinesOptions) {
    this.#options = options;
  }

  start(): void {
    const { gateway, clock, instances, logs } = this.#options;
    this.#unsubscribe = gateway.onStats.on(({ revisions }) => {
      for (const stats of revisions) if (stats.logged) this.#write(stats.revision, stats.logged);
    });
    this.#timer = clock.every(SWEEP_PERIOD, () => {
      const known = new Set(instances.all().map(({ id }) => id));
      logs.keepOnly(known);
      for (const id of this.#probes.keys()) if (!known.has(id)) this.#probes.delete(id);
    });
  }

  /** A look at whether an instance is ready, which upstream's queue-proxy takes by a request to itself, and logs where that is wanted. */
  probed(id: string, succeeded: boolean): void {
    const { settings, instances, clock } = this.#options;
    if (!settings.current.observability.probeLog) return;
    const now = clock.now();
    if (now - (this.#probes.get(id) ?? -Infinity) < PROBE_PERIOD) return;
    this.#probes.set(id, now);
    const instance = instances.all().find((each) => each.id === id);
    if (instance) this.#write(instance.workload, { requests: [probeOf(instance, now, succeeded)], leftOut: 0 });
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#timer?.cancel();
  }

  #write(key: string, { requests, leftOut }: NonNullable<RevisionStats["logged"]>): void {
    const { settings, instances, revisionOf, logs, log } = this.#options;
    const template = settings.current.observability.requestLog;
    const revision = revisionOf(key);
    if (!template || !revision) return;
    const known = new Map(instances.instances(key).map((instance) => [instance.id, instance]));
    const ended = ({ time, durationMs }: LoggedRequest) => time + durationMs;
    for (const [id, own] of Map.groupBy(requests, ({ endpoint }) => endpoint)) {
      const instance = known.get(id);
      if (!instance) continue;
      const lines = own
        .toSorted((a, b) => ended(a) - ended(b))
        .map((request) => ({ time: ended(request), text: template.line(inputOf(request, revision, instance)) }));
      const last = lines.at(-1);
      if (last && leftOut > 0) lines.push({ time: last.time, text: JSON.stringify({ dropped: leftOut }) });
      try {
        logs.append(id, lines);
        this.#failing = false;
      } catch (error) {
        if (!this.#failing) log.warn({ revision: key, reason: causeChain(error) }, "requests cannot be logged");
        this.#failing = true;
      }
    }
  }
}

function probeOf({ id, address }: InstanceStatus, time: number, succeeded: boolean): LoggedRequest {
  const { host, port } = address ?? { host: "", port: 0 };
  return {
    time,
    endpoint: id,
    method: "GET",
    target: "/",
    host: `${host}:${port}`,
    protocol: "HTTP/1.1",
    contentLength: 0,
    fields: { "user-agent": [PROBE_AGENT] },
    status: succeeded ? 200 : 503,
    durationMs: 0,
    responseBytes: 0,
    remoteAddress: host,
    traceId: "",
  };
}

function inputOf(request: LoggedRequest, { metadata }: Revision, instance: InstanceStatus): RequestLogInput {
  const { fields } = request;
  const { namespace = "", name, labels = {} } = metadata;
  return {
    Request: {
      Method: request.method,
      RequestURI: request.target,
      Host: request.host,
      Proto: request.protocol,
      ContentLength: request.contentLength,
      RemoteAddr: request.remoteAddress,
      UserAgent: fields["user-agent"]?.[0] ?? "",
      Referer: fields["referer"]?.[0] ?? "",
      Header: fields,
    },
    Response: { Code: request.status, Size: request.responseBytes, Latency: request.durationMs / 1000 },
    Revision: {
      Name: name,
      Namespace: namespace,
      Service: labels[LABELS.service] ?? "",
      Configuration: labels[LABELS.configuration] ?? "",
      PodName: instance.id,
      PodIP: instance.address?.host ?? "",
    },
    TraceID: request.traceId,
  };
}

import type { Clock, Timer } from "@ebb/base";
import { LATENCY_BOUNDS, type TrafficTotals } from "@ebb/gateway";
import { LABELS, type Informer, type PodAutoscaler } from "@ebb/kube";
import type { InstanceManager } from "@ebb/runtime";
import { keyOf } from "../engine/keys.ts";
import type { GatewayPort } from "../ports.ts";
import { renderFamilies, type Family, type Sample } from "./text-format.ts";

const INSTANCE_PERIOD = 1000;
/** What uses the machine for the app: all but those that have ended or wait to be started again. */
const RUNNING: ReadonlySet<string> = new Set(["starting", "ready", "unready", "draining"]);

export interface RevisionMetricsOptions {
  gateway: Pick<GatewayPort, "onStats">;
  instances: Pick<InstanceManager, "all" | "desired">;
  /** The PodAutoscalers that there are: each is a revision. */
  autoscalers: Pick<Informer<PodAutoscaler>, "list" | "onChange">;
  clock: Clock;
}

type Labels = Readonly<Record<string, string>>;

/**
 * What is counted of each revision, for Prometheus: requests under the names of Knative's queue-proxy (`revision_request_count`,
 * `revision_request_latencies`) and autoscaler (`autoscaler_actual_pods`), and what only Ebb counts under `ebb_`.
 *
 * Counters are the gateway's own and begin at zero when it does; instance-seconds begin at zero with this process.
 */
export class RevisionMetrics {
  readonly #options: RevisionMetricsOptions;
  readonly #traffic = new Map<string, TrafficTotals>();
  readonly #instanceSeconds = new Map<string, number>();
  #timer: Timer | undefined;
  #unsubscribe: (() => void) | undefined;
  #countedAt = 0;

  constructor(options: RevisionMetricsOptions) {
    this.#options = options;
  }

  start(): void {
    const { gateway, autoscalers, clock } = this.#options;
    this.#countedAt = clock.monotonic();
    this.#timer = clock.every(INSTANCE_PERIOD, () => this.#countInstances());
    this.#unsubscribe = gateway.onStats.on(({ revisions }) => {
      for (const { revision, traffic } of revisions) this.#traffic.set(revision, traffic);
    });
    autoscalers.onChange(({ type, object }) => {
      if (type !== "deleted") return;
      this.#traffic.delete(keyOf(object));
      this.#instanceSeconds.delete(keyOf(object));
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#unsubscribe?.();
  }

  /** All of it in Prometheus' text format. */
  text(): string {
    this.#countInstances();
    const running = this.#running();
    const families = emptyFamilies();
    for (const autoscaler of this.#options.autoscalers.list()) {
      const key = keyOf(autoscaler);
      const labels = labelsOf(autoscaler);
      families.actual.samples.push({ labels, value: running.get(key) ?? 0 });
      families.desired.samples.push({ labels, value: this.#options.instances.desired(key) });
      families.instanceSeconds.samples.push({ labels, value: round(this.#instanceSeconds.get(key) ?? 0) });
      const traffic = this.#traffic.get(key);
      if (traffic) addTraffic(families, labels, traffic);
    }
    return renderFamilies(Object.values(families));
  }

  #countInstances(): void {
    const now = this.#options.clock.monotonic();
    const seconds = (now - this.#countedAt) / 1000;
    this.#countedAt = now;
    for (const [key, count] of this.#running()) this.#instanceSeconds.set(key, (this.#instanceSeconds.get(key) ?? 0) + count * seconds);
  }

  #running(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { workload, phase } of this.#options.instances.all()) {
      if (RUNNING.has(phase)) counts.set(workload, (counts.get(workload) ?? 0) + 1);
    }
    return counts;
  }
}

function labelsOf({ metadata }: PodAutoscaler): Labels {
  const { namespace = "", name, labels = {} } = metadata;
  return {
    namespace_name: namespace,
    service_name: labels[LABELS.service] ?? "",
    configuration_name: labels[LABELS.configuration] ?? "",
    revision_name: name,
  };
}

function emptyFamilies() {
  const family = (name: string, type: Family["type"], help: string): Family => ({ name, type, help, samples: [] });
  return {
    requests: family("revision_request_count", "counter", "Requests that are over, by class of the answer"),
    latencies: family("revision_request_latencies", "histogram", "Milliseconds from a request's arrival to the last byte of its answer"),
    actual: family("autoscaler_actual_pods", "gauge", "Instances that run, ready or not"),
    desired: family("autoscaler_desired_pods", "gauge", "Instances that the autoscaler asks for"),
    instanceSeconds: family("ebb_revision_instance_seconds", "counter", "Seconds that instances ran, added up"),
    held: family("ebb_revision_held_request_count", "counter", "Requests that waited for an instance"),
    heldMs: family("ebb_revision_held_milliseconds", "counter", "How long those waited, added up"),
    requestBytes: family("ebb_revision_request_bytes", "counter", "Bytes of request bodies"),
    responseBytes: family("ebb_revision_response_bytes", "counter", "Bytes of answers' bodies"),
    interventions: family(
      "ebb_revision_intervention_count",
      "counter",
      "What the gateway denied, limited, let overflow or retried, and instances that it ejected",
    ),
  };
}

function addTraffic(families: ReturnType<typeof emptyFamilies>, labels: Labels, traffic: TrafficTotals): void {
  for (const [result, value] of Object.entries(traffic.responses)) {
    families.requests.samples.push({ labels: { ...labels, response_code_class: result }, value });
  }
  families.latencies.samples.push(...histogram(labels, traffic));
  families.held.samples.push({ labels, value: traffic.held });
  families.heldMs.samples.push({ labels, value: round(traffic.heldMs) });
  families.requestBytes.samples.push({ labels, value: traffic.requestBytes });
  families.responseBytes.samples.push({ labels, value: traffic.responseBytes });
  for (const [intervention, value] of Object.entries(traffic.interventions ?? {})) {
    families.interventions.samples.push({ labels: { ...labels, intervention }, value });
  }
}

function histogram(labels: Labels, { latency, latencySumMs }: TrafficTotals): Sample[] {
  let count = 0;
  const buckets = latency.map((requests, index): Sample => {
    count += requests;
    return { suffix: "_bucket", labels: { ...labels, le: String(LATENCY_BOUNDS[index] ?? "+Inf") }, value: count };
  });
  return [...buckets, { suffix: "_sum", labels, value: round(latencySumMs) }, { suffix: "_count", labels, value: count }];
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

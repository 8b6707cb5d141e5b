import { parseSamples, type Sample } from "./prometheus-text.ts";
import { noUsage, type Usage } from "./usage.ts";

/** What the cluster has counted of one Revision since its counters began. */
export interface RevisionCounters {
  namespace: string;
  /** The Knative Service: the app. */
  service: string;
  revision: string;
  counters: Usage;
}

const INTERVENTIONS = "ebb_revision_intervention_count";
const PLAIN: Readonly<Record<string, keyof Usage>> = {
  revision_request_latencies_sum: "latencySumMs",
  ebb_revision_held_request_count: "held",
  ebb_revision_held_milliseconds: "heldMs",
  ebb_revision_request_bytes: "requestBytes",
  ebb_revision_response_bytes: "responseBytes",
  ebb_revision_instance_seconds: "instanceSeconds",
};
const WANTED = new Set(["revision_request_count", "revision_request_latencies_bucket", INTERVENTIONS, ...Object.keys(PLAIN)]);

/** Reads a cluster's `/metrics`. Undefined when it counts nothing by Revision, as the API server of a Kubernetes of others. */
export function readCounters(text: string): RevisionCounters[] | undefined {
  if (!text.includes("# TYPE ebb_revision_instance_seconds ")) return undefined;
  const samples = Map.groupBy(
    parseSamples(text, (name) => WANTED.has(name)),
    ({ labels }) => `${labels["namespace_name"]}/${labels["revision_name"]}`,
  );
  return [...samples.values()].map((ofRevision) => {
    const labels = ofRevision[0]?.labels ?? {};
    const { namespace_name: namespace = "", service_name: service = "", revision_name: revision = "" } = labels;
    return { namespace, service, revision, counters: countersOf(ofRevision) };
  });
}

function countersOf(samples: readonly Sample[]): Usage {
  const counters = noUsage();
  const cumulative: [bound: string, count: number][] = [];
  for (const { name, labels, value } of samples) {
    const plain = PLAIN[name];
    if (name === "revision_request_count") counters.responses[labels["response_code_class"] ?? ""] = value;
    else if (name === INTERVENTIONS) counters.interventions[labels["intervention"] ?? ""] = value;
    else if (name === "revision_request_latencies_bucket") cumulative.push([labels["le"] ?? "", value]);
    else if (plain !== undefined) Object.assign(counters, { [plain]: value });
  }
  let below = 0;
  for (const [bound, count] of cumulative.sort(([, a], [, b]) => a - b)) {
    if (count > below) counters.latency[bound] = count - below;
    below = count;
  }
  return counters;
}

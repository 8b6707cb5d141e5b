import type { Condition, KubeObject } from "@ebb/kube";
import { age } from "./age.ts";
import { CONTAINERS, partsOf, READY_REPLICAS, templateColumns, WORKLOAD } from "./apps.ts";
import { column, field, formatLabels, joined, number, read, valueAt, wide, type Columns } from "./column.ts";

/** Of Kubernetes' workloads that nothing here acts on. */
export const WORKLOAD_COLUMNS: Columns = {
  "/ReplicationController": [
    number("Desired", "spec", "replicas"),
    number("Current", "status", "replicas"),
    number("Ready", "status", "readyReplicas"),
    ...CONTAINERS,
    wide("Selector", ({ spec }) => formatLabels((spec as { selector?: Record<string, string> } | undefined)?.selector)),
  ],
  "/PodTemplate": [
    column("Containers", (object) => joined(partsOf(object, ["template"], "name"))),
    column("Images", (object) => joined(partsOf(object, ["template"], "image"))),
    column("Pod Labels", (object) => formatLabels(valueAt(object, ["template", "metadata", "labels"]) as Record<string, string>)),
  ],
  "apps/StatefulSet": [READY_REPLICAS, ...CONTAINERS],
  "apps/DaemonSet": [
    number("Desired", "status", "desiredNumberScheduled"),
    number("Current", "status", "currentNumberScheduled"),
    number("Ready", "status", "numberReady"),
    number("Up-to-date", "status", "updatedNumberScheduled"),
    number("Available", "status", "numberAvailable"),
    column("Node Selector", (object) =>
      formatLabels(valueAt(object, ["spec", "template", "spec", "nodeSelector"]) as Record<string, string> | undefined),
    ),
    ...WORKLOAD,
  ],
  "apps/ControllerRevision": [column("Controller", controllerOf), field("Revision", "revision", "integer")],
  "batch/Job": [column("Status", jobStatus), column("Completions", completions), column("Duration", jobDuration), ...WORKLOAD],
  "batch/CronJob": [
    field("Schedule", "spec.schedule"),
    column("Timezone", (object) => read(object, ["spec", "timeZone"]) || "<none>"),
    column("Suspend", (object) => (valueAt(object, ["spec", "suspend"]) === true ? "True" : "False")),
    column("Active", (object) => ((valueAt(object, ["status", "active"]) ?? []) as unknown[]).length, { type: "integer" }),
    column("Last Schedule", (object, now) => {
      const last = read(object, ["status", "lastScheduleTime"]);
      return last === "" ? "<none>" : age(String(last), now);
    }),
    ...templateColumns("spec", "jobTemplate", "spec", "template"),
    wide("Selector", () => "<none>"),
  ],
  "policy/PodDisruptionBudget": [
    column("Min Available", (object) => amount(read(object, ["spec", "minAvailable"]))),
    column("Max Unavailable", (object) => amount(read(object, ["spec", "maxUnavailable"]))),
    number("Allowed Disruptions", "status", "disruptionsAllowed"),
  ],
  "node.k8s.io/RuntimeClass": [field("Handler", "handler")],
};

function amount(value: number | string): string {
  return value === "" ? "N/A" : String(value);
}

function controllerOf({ metadata }: KubeObject): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (!owner) return "<none>";
  const [group = "", version] = owner.apiVersion.split("/");
  return `${owner.kind.toLowerCase()}${version === undefined ? "" : `.${group}`}/${owner.name}`;
}

function jobStatus(object: KubeObject): string {
  const { conditions = [] } = (object.status ?? {}) as { conditions?: Condition[] };
  const holds = (wanted: string) => conditions.some(({ type, status }) => type === wanted && status === "True");
  for (const type of ["Complete", "Failed"]) if (holds(type)) return type;
  if (object.metadata.deletionTimestamp) return "Terminating";
  for (const type of ["Suspended", "FailureTarget", "SuccessCriteriaMet"]) if (holds(type)) return type;
  // kubectl says `Running` of one that nobody has begun, too; here that is the rule and would mislead.
  return read(object, ["status", "startTime"]) === "" ? "Pending" : "Running";
}

function completions(object: KubeObject): string {
  const done = read(object, ["status", "succeeded"]) || 0;
  const wanted = read(object, ["spec", "completions"]);
  if (wanted !== "") return `${done}/${wanted}`;
  const parallelism = Number(read(object, ["spec", "parallelism"]) || 0);
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`;
}

function jobDuration(object: KubeObject, now: number): string {
  const start = String(read(object, ["status", "startTime"]));
  const end = Date.parse(String(read(object, ["status", "completionTime"])));
  return start === "" ? "" : age(start, Number.isNaN(end) ? now : end);
}

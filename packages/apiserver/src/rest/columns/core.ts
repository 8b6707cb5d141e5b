import type { Condition, KubeObject, ResourceQuota } from "@ebb/kube";
import { AGE, column, countOf, CREATED_AT, field, orNone, wide, type Columns } from "./column.ts";

export const CORE_COLUMNS: Columns = {
  "coordination.k8s.io/Lease": [field("Holder", "spec.holderIdentity")],
  "apiregistration.k8s.io/APIService": [
    column("Service", () => "Local"),
    column("Available", ({ status }) => ((status ?? {}) as { conditions?: Condition[] }).conditions?.[0]?.status ?? "Unknown"),
  ],
  "/ComponentStatus": [
    column("Status", (object) => componentState(object, "type")),
    column("Message", (object) => componentState(object, "message")),
    column("Error", (object) => componentState(object, "error")),
  ],
  "/Node": [
    column("Status", nodeStatus),
    column("Roles", rolesOf),
    // kubectl shows the age before the version.
    AGE,
    field("Version", "status.nodeInfo.kubeletVersion"),
    wide("Internal-IP", (object) => nodeAddress(object, "InternalIP")),
    wide("External-IP", (object) => nodeAddress(object, "ExternalIP")),
    orNone("OS-Image", "status", "nodeInfo", "osImage"),
    orNone("Kernel-Version", "status", "nodeInfo", "kernelVersion"),
    orNone("Container-Runtime", "status", "nodeInfo", "containerRuntimeVersion"),
  ],
  "/ResourceQuota": [
    column("Request", (object) => quotaUse(object, (name) => !name.startsWith("limits."))),
    column("Limit", (object) => quotaUse(object, (name) => name.startsWith("limits."))),
  ],
  "/LimitRange": [CREATED_AT],
  "/Namespace": [field("Status", "status.phase")],
  "/ConfigMap": [column("Data", (object) => countOf("data")(object) + countOf("binaryData")(object), { type: "integer" })],
  "/Secret": [field("Type", "type"), column("Data", countOf("data"), { type: "integer" })],
  "/ServiceAccount": [column("Secrets", countOf("secrets"), { type: "integer" })],
};

function componentState(object: KubeObject, part: "type" | "message" | "error"): string {
  const [healthy] = (object as KubeObject & { conditions?: Record<typeof part, string>[] }).conditions ?? [];
  return healthy?.[part] ?? "";
}

const ROLE_LABEL = "node-role.kubernetes.io/";

function rolesOf({ metadata }: KubeObject): string {
  const roles = Object.keys(metadata.labels ?? {}).flatMap((key) => (key.startsWith(ROLE_LABEL) ? [key.slice(ROLE_LABEL.length)] : []));
  return roles.sort().join(",") || "<none>";
}

function nodeAddress({ status }: KubeObject, type: string): string {
  const { addresses = [] } = (status ?? {}) as { addresses?: { type: string; address: string }[] };
  return addresses.find((each) => each.type === type)?.address ?? "<none>";
}

function nodeStatus({ spec, status }: KubeObject): string {
  const { conditions = [] } = (status ?? {}) as { conditions?: Condition[] };
  const ready = conditions.find(({ type }) => type === "Ready");
  const states = [ready ? (ready.status === "True" ? "Ready" : "NotReady") : "Unknown"];
  if ((spec as { unschedulable?: boolean } | undefined)?.unschedulable) states.push("SchedulingDisabled");
  return states.join(",");
}

/** `pods: 1/10, requests.cpu: 0/2` of the resources that are meant. */
function quotaUse({ status }: KubeObject, meant: (name: string) => boolean): string {
  const { hard = {}, used = {} } = (status ?? {}) as NonNullable<ResourceQuota["status"]>;
  const names = Object.keys(hard).filter(meant).sort();
  return names.map((name) => `${name}: ${used[name] ?? "0"}/${hard[name] ?? ""}`).join(", ");
}

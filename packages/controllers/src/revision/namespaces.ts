import type { Cause, PodSpec } from "@ebb/kube";
import type { InstanceSpec } from "@ebb/runtime";

/** What its programs share with each other or with the machine; or why that cannot be had. */
export function namespacesOf({
  shareProcessNamespace = false,
  hostPID = false,
  hostIPC = false,
  hostNetwork = false,
}: PodSpec): Pick<InstanceSpec, "namespaces"> | { problem: Cause } {
  if (shareProcessNamespace && hostPID) {
    const why = "ShareProcessNamespace and HostPID cannot both be enabled";
    return { problem: { reason: "FailedCreate", message: `Pod is invalid: spec.shareProcessNamespace: Invalid value: true: ${why}` } };
  }
  if (hostNetwork) {
    const message =
      "hostNetwork is not supported: the instances of a Revision would take the same port of the machine, one after the other. Remove it";
    return { problem: { reason: "HostNetworkNotSupported", message } };
  }
  const processes = hostPID ? "host" : shareProcessNamespace ? "shared" : undefined;
  if (!processes && !hostIPC) return {};
  return { namespaces: { ...(processes ? { processes } : {}), ...(hostIPC ? { ipc: "host" } : {}) } };
}

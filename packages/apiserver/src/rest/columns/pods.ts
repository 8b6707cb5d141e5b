import type { ContainerStatus, Pod } from "@ebb/kube";
import { age } from "./age.ts";
import { column, orNone, wide, type Columns } from "./column.ts";

export const POD_COLUMNS: Columns = {
  "/Pod": [
    column("Ready", (object) => summaryOf(object as Pod).ready),
    column("Status", (object) => summaryOf(object as Pod).status),
    column("Restarts", (object, now) => restartsOf(object as Pod, now)),
    orNone("IP", "status", "podIP"),
    orNone("Node", "spec", "nodeName"),
    orNone("Nominated Node", "status", "nominatedNodeName"),
    wide("Readiness Gates", (object) => gatesOf(object as Pod)),
  ],
};

interface Summary {
  ready: string;
  status: string;
  /** Those of which the restarts are told: of the init containers, only the sidecars once the others are through. */
  counted: readonly ContainerStatus[];
}

/** How far a Pod is, as kubernetes pkg/printers/internalversion printPod tells it. */
function summaryOf({ metadata, spec, status }: Pod): Summary {
  const { phase = "Unknown", reason, conditions = [], initContainerStatuses = [], containerStatuses = [] } = status ?? {};
  const gated = conditions.some((each) => each.type === "PodScheduled" && each.reason === "SchedulingGated");
  const initContainers = spec?.initContainers ?? [];
  const sidecars = new Set(initContainers.flatMap(({ name, restartPolicy }) => (restartPolicy === "Always" ? [name] : [])));
  const isSidecar = ({ name }: ContainerStatus) => sidecars.has(name);
  const isReady = ({ ready, state }: ContainerStatus) => ready && state.running !== undefined;
  const initializing = initState(initContainerStatuses, initContainers.length, isSidecar);
  const started = initializing === undefined || conditions.some((each) => each.type === "Initialized" && each.status === "True");
  const readySidecars = initContainerStatuses.filter((each) => isSidecar(each) && each.started === true && each.ready).length;
  const ready = readySidecars + (started ? containerStatuses.filter(isReady).length : 0);
  let text = initializing ?? (gated ? "SchedulingGated" : reason || phase);
  if (started) {
    text = containerStatuses.map(containerState).find((state) => state !== undefined) ?? text;
    if (text === "Completed" && containerStatuses.some(isReady))
      text = conditions.some((each) => each.type === "Ready" && each.status === "True") ? "Running" : "NotReady";
  }
  if (metadata.deletionTimestamp && phase !== "Succeeded" && phase !== "Failed") text = "Terminating";
  return {
    ready: `${ready}/${(spec?.containers?.length ?? 0) + sidecars.size}`,
    status: text,
    counted: started ? [...initContainerStatuses.filter(isSidecar), ...containerStatuses] : initContainerStatuses,
  };
}

/** Of the first init container that is not through; undefined when all are. */
function initState(
  statuses: readonly ContainerStatus[],
  total: number,
  isSidecar: (status: ContainerStatus) => boolean,
): string | undefined {
  for (const [index, status] of statuses.entries()) {
    const { terminated, waiting } = status.state;
    if (terminated?.exitCode === 0 || (isSidecar(status) && status.started === true)) continue;
    if (terminated) return `Init:${terminated.reason || exitOf(terminated)}`;
    if (waiting?.reason && waiting.reason !== "PodInitializing") return `Init:${waiting.reason}`;
    return `Init:${index}/${total}`;
  }
  return undefined;
}

function containerState({ state: { waiting, terminated } }: ContainerStatus): string | undefined {
  return waiting?.reason || (terminated ? terminated.reason || exitOf(terminated) : undefined);
}

function exitOf({ signal, exitCode }: { signal?: number; exitCode: number }): string {
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}

function restartsOf(pod: Pod, now: number): string {
  const { counted } = summaryOf(pod);
  const count = counted.reduce((sum, { restartCount }) => sum + restartCount, 0);
  const ends = counted.flatMap(({ lastState }) => lastState?.terminated?.finishedAt ?? []);
  const last = ends.sort().at(-1);
  return count > 0 && last !== undefined ? `${count} (${age(last, now)} ago)` : String(count);
}

function gatesOf({ spec, status }: Pod): string {
  const gates = spec?.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const met = new Set((status?.conditions ?? []).flatMap((each) => (each.status === "True" ? [each.type] : [])));
  return `${gates.filter(({ conditionType }) => met.has(conditionType)).length}/${gates.length}`;
}

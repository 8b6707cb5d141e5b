import type { Route, TrafficTarget } from "@ebb/kube";
import { markProvisioned, TLS_NOT_ENABLED, type Secured } from "../certificate/host-certificates.ts";
import { ROUTE_CONDITIONS as conditions } from "./conditions.ts";
import { omit } from "../engine/keys.ts";
import { isDone, ROLLOUT_ANNOTATION, type ConfigurationRollout } from "./rollout.ts";
import type { Unassigned } from "./traffic.ts";

/** What became of the entry in the gateway. */
export type Ingress =
  | { state: "ready" }
  /** Not there yet, or not answered yet. */
  | { state: "waiting"; message: string }
  /** A host belongs to somebody else, or is none. */
  | { state: "refused"; reason: string; message: string };

export interface RouteObserved {
  route: Route;
  /** Why the traffic asked for cannot be assigned; what was in force stays so. */
  problem: Unassigned | undefined;
  ingress: Ingress;
  /** The traffic that the gateway serves by now. */
  traffic: TrafficTarget[];
  /** As the gateway has them; absent: as the status says. */
  rollouts?: readonly ConfigurationRollout[];
  /** Of its public hosts; absent: external-domain-tls is off. */
  secured?: Secured;
  url: string;
  localUrl: string;
  now: number;
}

/** The status of a Route; after knative's pkg/reconciler/route and route_lifecycle.go. */
export function routeStatus(observed: RouteObserved): NonNullable<Route["status"]> {
  const { route, problem, ingress, now } = observed;
  const before = route.status ?? {};
  let marks = conditions.initialize(before.conditions, now);
  marks = markProvisioned(conditions, marks, (observed.secured ?? TLS_NOT_ENABLED).provisioned, now);
  switch (ingress.state) {
    case "ready":
      if (observed.rollouts && !isDone(observed.rollouts)) {
        const message = "A gradual rollout of the latest revision(s) is in progress.";
        marks = conditions.markUnknown(marks, "IngressReady", { reason: "RolloutInProgress", message }, now);
      }
      // Before the first assignment there is nothing in the gateway that could be ready.
      else if (observed.traffic.length > 0) marks = conditions.markTrue(marks, "IngressReady", now);
      else
        marks = conditions.markUnknown(
          marks,
          "IngressReady",
          { reason: "IngressNotConfigured", message: "Ingress has not yet been reconciled." },
          now,
        );
      break;
    case "waiting":
      marks = conditions.markUnknown(marks, "IngressReady", { reason: "Uninitialized", message: ingress.message }, now);
      break;
    case "refused":
      marks = conditions.markFalse(marks, "IngressReady", ingress, now);
      break;
  }
  if (!problem) marks = conditions.markTrue(marks, "AllTrafficAssigned", now);
  else if (problem.status === "False") marks = conditions.markFalse(marks, "AllTrafficAssigned", problem, now);
  else marks = conditions.markUnknown(marks, "AllTrafficAssigned", problem, now);
  const { generation } = route.metadata;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: marks,
    ...annotated(before.annotations, observed.rollouts),
    url: observed.url,
    address: { url: observed.localUrl },
    ...(observed.traffic.length > 0 ? { traffic: observed.traffic } : {}),
  };
}

/** Only a rollout under way is worth keeping: one that is over is told by the traffic. */
function annotated(
  before: Record<string, string> | undefined,
  rollouts: readonly ConfigurationRollout[] | undefined,
): { annotations?: Record<string, string> } {
  if (!rollouts) return before ? { annotations: before } : {};
  const others = omit(before, [ROLLOUT_ANNOTATION]);
  const own = isDone(rollouts) ? {} : { [ROLLOUT_ANNOTATION]: JSON.stringify({ configurations: rollouts }) };
  const annotations = { ...others, ...own };
  return Object.keys(annotations).length > 0 ? { annotations } : {};
}

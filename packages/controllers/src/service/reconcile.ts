import { Configurations, Routes, type Configuration, type KnativeService, type Revision, type Route, type TrafficTarget } from "@ebb/kube";
import { merged, type Wish } from "../engine/apply.ts";
import { isControlledBy } from "../engine/keys.ts";
import { nameTaken } from "../configuration/revision-name.ts";
import { SERVICE_CONDITIONS as conditions } from "./conditions.ts";
import { makeConfiguration, makeRoute } from "./resources.ts";

export interface ServiceObserved {
  service: KnativeService;
  configuration: Configuration | undefined;
  route: Route | undefined;
  /** The Revision that the template names, if it names one and it exists. */
  named: Revision | undefined;
  now: number;
}

export interface ServicePlan {
  configuration?: Wish<Configuration>;
  route?: Wish<Route>;
  status: KnativeService["status"];
}

/** What a Service needs done; after knative's pkg/reconciler/service/service.go. */
export function planService(observed: ServiceObserved): ServicePlan {
  const { service, configuration, route, now } = observed;
  const before = service.status ?? {};
  let marks = conditions.initialize(before.conditions, now);
  const mark = (type: string, source: { status: "True" | "False" | "Unknown"; reason?: string; message?: string }) => {
    const cause = { reason: source.reason ?? "", message: source.message ?? "" };
    if (source.status === "True") marks = conditions.markTrue(marks, type, now);
    else
      marks = source.status === "False" ? conditions.markFalse(marks, type, cause, now) : conditions.markUnknown(marks, type, cause, now);
  };
  const plan: ServicePlan = { status: before };
  const finish = (fields: Partial<NonNullable<KnativeService["status"]>> = {}): ServicePlan => {
    const generation = service.metadata.generation === undefined ? {} : { observedGeneration: service.metadata.generation };
    return { ...plan, status: { ...before, ...generation, ...fields, conditions: marks } };
  };

  if (configuration && !isControlledBy(configuration, service)) {
    mark("ConfigurationsReady", notOwned("Configuration", service.metadata.name));
    return finish();
  }
  plan.configuration = { kind: Configurations, desired: makeConfiguration(service), existing: configuration };
  const latest = configuration?.status ?? {};
  const current = configuration !== undefined && isCurrent(configuration, plan.configuration.desired);
  if (current) mark("ConfigurationsReady", readyOf(configuration));
  else mark("ConfigurationsReady", { status: "Unknown", reason: "OutOfDate", message: outOfDate("Configuration") });
  const fields = {
    ...(latest.latestCreatedRevisionName ? { latestCreatedRevisionName: latest.latestCreatedRevisionName } : {}),
    ...(latest.latestReadyRevisionName ? { latestReadyRevisionName: latest.latestReadyRevisionName } : {}),
  };

  const name = service.spec.template.metadata?.name;
  if (name && configuration && nameTaken(configuration, observed.named)) {
    const message = `The revision name "${name}" is taken by a conflicting Revision, so traffic will not be migrated`;
    mark("RoutesReady", { status: "False", reason: "RevisionNameTaken", message });
    return finish(fields);
  }
  // With a name of the user's choice the Route must wait for the Configuration, or it could lead to another one's Revision.
  if (name && !current) return finish(fields);

  if (route && !isControlledBy(route, service)) {
    mark("RoutesReady", notOwned("Route", service.metadata.name));
    return finish(fields);
  }
  plan.route = { kind: Routes, desired: makeRoute(service), existing: route };
  if (!route || !isCurrent(route, plan.route.desired)) {
    mark("RoutesReady", { status: "Unknown", reason: "OutOfDate", message: outOfDate("Route") });
    return finish(fields);
  }
  mark("RoutesReady", readyOf(route));
  if (conditions.get(marks, "RoutesReady")?.status === "True" && !hasMigrated(route, latest.latestReadyRevisionName)) {
    const message = "Traffic is not yet migrated to the latest revision.";
    mark("RoutesReady", { status: "Unknown", reason: "TrafficNotMigrated", message });
  }
  const { url, address, traffic } = route.status ?? {};
  return finish({ ...fields, ...(url ? { url } : {}), ...(address ? { address } : {}), ...(traffic ? { traffic } : {}) });
}

const outOfDate = (kind: string) => `The ${kind} is still working to reflect the latest desired specification.`;

function notOwned(kind: string, name: string) {
  return { status: "False" as const, reason: "NotOwned", message: `There is an existing ${kind} "${name}" that we do not own.` };
}

/** Whether the child is as it should be and its controller has seen it so. */
function isCurrent<T extends Configuration | Route>(existing: T, desired: T): boolean {
  return existing.status?.observedGeneration === existing.metadata.generation && merged(existing, desired) === undefined;
}

function readyOf(object: Configuration | Route): { status: "True" | "False" | "Unknown"; reason?: string; message?: string } {
  return object.status?.conditions?.find(({ type }) => type === "Ready") ?? { status: "Unknown" };
}

/** Whether the traffic in force is the traffic asked for, with the latest ready Revision where the Configuration is meant. */
function hasMigrated(route: Route, latestReady: string | undefined): boolean {
  const relevant = ({ revisionName = "", tag = "", percent = 0 }: TrafficTarget) => `${revisionName} ${tag} ${percent}`;
  const want = (route.spec.traffic ?? []).map((target) =>
    relevant(target.configurationName ? { ...target, revisionName: latestReady ?? "" } : target),
  );
  const got = (route.status?.traffic ?? []).map(relevant);
  return want.length === got.length && want.every((target, index) => target === got[index]);
}

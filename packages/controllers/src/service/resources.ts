import { LABELS, LAST_APPLIED, Services, type Configuration, type KnativeService, type Route } from "@ebb/kube";
import { controllerRef, omit } from "../engine/keys.ts";

const ROLLOUT_DURATION = "serving.knative.dev/rollout-duration";

/** After knative's pkg/reconciler/service/resources/configuration.go. */
export function makeConfiguration(service: KnativeService): Configuration {
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Configuration",
    metadata: childMetadata(service, { [LABELS.serviceUid]: service.metadata.uid ?? "" }, [LAST_APPLIED, ROLLOUT_DURATION]),
    spec: { template: service.spec.template },
  };
}

/** After knative's pkg/reconciler/service/resources/route.go: what is not pinned to a Revision follows the Configuration. */
export function makeRoute(service: KnativeService): Route {
  const traffic = service.spec.traffic ?? [{ latestRevision: true, percent: 100 }];
  return {
    apiVersion: "serving.knative.dev/v1",
    kind: "Route",
    metadata: childMetadata(service, {}, [LAST_APPLIED]),
    spec: { traffic: traffic.map((target) => (target.revisionName ? target : { ...target, configurationName: service.metadata.name })) },
  };
}

type Labels = Record<string, string>;

function childMetadata(service: KnativeService, more: Labels, without: readonly string[]): Configuration["metadata"] {
  const { name, namespace, labels, annotations } = service.metadata;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { ...labels, [LABELS.service]: name, ...more },
    annotations: omit(annotations, without),
    ownerReferences: [controllerRef(Services, service)],
  };
}

import { LABELS, type Revision } from "@ebb/kube";
import { omit } from "../engine/keys.ts";

/** The one Node. */
export const NODE = "ebb";
/** Where it is reached, when nobody says. */
export const NODE_ADDRESS = "127.0.0.1";

/** After knative's revision/resources/meta.go: the Revision's labels but those that change while it lives, and its own. */
export function instanceLabels({ metadata }: Revision): Record<string, string> {
  return {
    ...omit(metadata.labels, [LABELS.routingState, LABELS.route]),
    [LABELS.revision]: metadata.name,
    [LABELS.revisionUid]: metadata.uid ?? "",
    app: metadata.labels?.["app"] ?? metadata.name,
  };
}

/** The Revision's, without what the autoscaler alone is to know. */
export function podAnnotations({ metadata: { annotations = {} } }: Revision): Record<string, string> {
  return omit(
    annotations,
    Object.keys(annotations).filter((key) => key.startsWith("autoscaling.knative.dev/")),
  );
}

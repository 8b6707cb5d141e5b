import { CachedImages, childName, Revisions, type KubeObject, type ObjectView, type Revision } from "@ebb/kube";
import { controllerRef } from "../engine/keys.ts";
import { servingContainer } from "../revision/workload.ts";
import { imageOf } from "./deployment.ts";
import { beneath } from "./parts.ts";

/** The hint to a cache of images that Knative leaves for each Revision. */
export const imageView: ObjectView<Revision> = { kind: CachedImages, source: Revisions, name: imageName, make: makeImage };

function imageName(revision: Revision): string {
  return childName(childName(revision.metadata.name, "-cache"), `-${servingContainer(revision)?.name ?? "user-container"}`);
}

function makeImage(revision: Revision): KubeObject {
  const container = servingContainer(revision);
  const { serviceAccountName } = revision.spec;
  return {
    apiVersion: "caching.internal.knative.dev/v1alpha1",
    kind: "Image",
    metadata: { ...beneath(revision, imageName(revision), controllerRef(Revisions, revision)), generation: 1 },
    spec: {
      image: imageOf(revision, container?.name) ?? container?.image ?? "",
      ...(serviceAccountName ? { serviceAccountName } : {}),
    },
  };
}

import { rfc3339 } from "@ebb/base";
import { ANNOTATIONS, LABELS, type Revision } from "@ebb/kube";
import { omit } from "../engine/keys.ts";

/** The names of the Routes that lead to a Revision, from its annotation. */
export function routesOf({ metadata }: Revision): string[] {
  return (metadata.annotations?.[ANNOTATIONS.routes] ?? "").split(",").filter((name) => name !== "");
}

/**
 * The Revision as it should be labelled once this Route leads to it or no longer does; undefined if it is so already. `active` while any
 * Route leads to it, `reserve` after the last one left; after knative's pkg/reconciler/labeler.
 */
export function labelled(revision: Revision, route: string, change: { routed: boolean; now: number }): Revision | undefined {
  const before = routesOf(revision);
  const others = before.filter((name) => name !== route);
  const routes = change.routed ? [...others, route].sort() : others;
  const state = routes.length > 0 ? "active" : "reserve";
  const sameState = revision.metadata.labels?.[LABELS.routingState] === state;
  if (sameState && routes.join(",") === before.join(",")) return undefined;
  const annotations = {
    ...omit(revision.metadata.annotations, [ANNOTATIONS.routes]),
    ...(routes.length > 0 ? { [ANNOTATIONS.routes]: routes.join(",") } : {}),
    ...(sameState ? {} : { [ANNOTATIONS.routingStateModified]: rfc3339(change.now) }),
  };
  const labels = { ...revision.metadata.labels, [LABELS.routingState]: state };
  return { ...revision, metadata: { ...revision.metadata, labels, annotations } };
}

import { badRequest, inVersion, type Kind, type KubeList, type KubeObject } from "@ebb/kube";
import type { Clock } from "@ebb/base";
import { acceptedOf, type Accepted } from "./accept.ts";
import type { Exchange } from "./http-types.ts";
import { columnsOf } from "./printer-columns.ts";

export interface View extends Pick<Accepted, "as" | "version"> {
  /** Of a table's rows: how much of the object goes with each. */
  includeObject: "None" | "Metadata" | "Object";
  /** Milliseconds since the epoch, for ages. */
  now: number;
}

/** What the client accepts, and `includeObject`. Throws BadRequest. */
export function viewFor(
  { request, query }: Pick<Exchange, "request" | "query">,
  clock: Pick<Clock, "now">,
  { as, version }: Accepted = acceptedOf(request.headers.accept),
): View {
  const includeObject = query.get("includeObject") || "Metadata";
  if (includeObject !== "None" && includeObject !== "Metadata" && includeObject !== "Object") {
    const given = JSON.stringify(includeObject.slice(0, 100));
    throw badRequest(`includeObject: Invalid value: ${given}: must be 'Metadata', 'Object', 'None', or empty`);
  }
  return { as, version, includeObject, now: clock.now() };
}

export function representObject(kind: Kind, object: KubeObject, view: View): unknown {
  if (view.as === "partial") return partial(object, view);
  if (view.as === "table")
    return table(kind, [object], { metadata: { resourceVersion: object.metadata.resourceVersion }, view, header: true });
  return inVersion(kind, object);
}

export function representList(kind: Kind, list: KubeList, view: View): unknown {
  if (view.as === "partial") {
    const items = list.items.map((object) => partial(object, view));
    return { kind: "PartialObjectMetadataList", apiVersion: `meta.k8s.io/${view.version}`, metadata: list.metadata, items };
  }
  if (view.as === "table") return table(kind, list.items, { metadata: list.metadata, view, header: true });
  return kind.storageVersion === undefined ? list : { ...list, items: list.items.map((object) => inVersion(kind, object)) };
}

/** One object of a watch: of a table, only the first event has the columns. */
export function representEvent(kind: Kind, object: KubeObject, view: View, header: boolean): unknown {
  if (view.as !== "table") return representObject(kind, object, view);
  return table(kind, [object], { metadata: { resourceVersion: object.metadata.resourceVersion }, view, header });
}

function partial({ metadata }: KubeObject, { version }: View): unknown {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata };
}

function table(kind: Kind, objects: readonly KubeObject[], { metadata, view, header }: { metadata: unknown; view: View; header: boolean }) {
  const columns = columnsOf(kind);
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${view.version}`,
    metadata,
    columnDefinitions: header
      ? columns.map(({ name, type, priority, description }) => ({
          name,
          type,
          format: name === "Name" ? "name" : "",
          description,
          priority,
        }))
      : null,
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, view.now)),
      ...(view.includeObject === "None"
        ? {}
        : { object: view.includeObject === "Object" ? inVersion(kind, object) : partial(object, view) }),
    })),
  };
}

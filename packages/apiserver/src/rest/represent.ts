import { badRequest, inVersion, type Kind, type KubeList, type KubeObject } from "@ebb/kube";
import type { Clock } from "@ebb/base";
import { acceptedOf, type Representation } from "./accept.ts";
import type { Exchange } from "./http-types.ts";
import { columnsOf } from "./printer-columns.ts";

export interface View {
  as: Representation;
  /** Of a table's rows: how much of the object goes with each. */
  includeObject: "None" | "Metadata" | "Object";
  /** Milliseconds since the epoch, for ages. */
  now: number;
}

/** What the client accepts, and `includeObject`. Throws BadRequest. */
export function viewFor({ request, query }: Pick<Exchange, "request" | "query">, clock: Pick<Clock, "now">): View {
  const includeObject = query.get("includeObject") || "Metadata";
  if (includeObject !== "None" && includeObject !== "Metadata" && includeObject !== "Object") {
    throw badRequest(`unrecognized includeObject value: ${JSON.stringify(includeObject.slice(0, 100))}`);
  }
  return { as: acceptedOf(request.headers.accept).as, includeObject, now: clock.now() };
}

export function representObject(kind: Kind, object: KubeObject, view: View): unknown {
  if (view.as === "partial") return partial(object);
  if (view.as === "table")
    return table(kind, [object], { metadata: { resourceVersion: object.metadata.resourceVersion }, view, header: true });
  return inVersion(kind, object);
}

export function representList(kind: Kind, list: KubeList, view: View): unknown {
  if (view.as === "partial") {
    return { kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1", metadata: list.metadata, items: list.items.map(partial) };
  }
  if (view.as === "table") return table(kind, list.items, { metadata: list.metadata, view, header: true });
  return kind.storageVersion === undefined ? list : { ...list, items: list.items.map((object) => inVersion(kind, object)) };
}

/** One object of a watch: of a table, only the first event has the columns. */
export function representEvent(kind: Kind, object: KubeObject, view: View, header: boolean): unknown {
  if (view.as !== "table") return representObject(kind, object, view);
  return table(kind, [object], { metadata: { resourceVersion: object.metadata.resourceVersion }, view, header });
}

function partial({ metadata }: KubeObject): unknown {
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
}

function table(kind: Kind, objects: readonly KubeObject[], { metadata, view, header }: { metadata: unknown; view: View; header: boolean }) {
  const columns = columnsOf(kind);
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
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
      ...(view.includeObject === "None" ? {} : { object: view.includeObject === "Object" ? inVersion(kind, object) : partial(object) }),
    })),
  };
}

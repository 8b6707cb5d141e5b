import { createHash } from "node:crypto";
import type { Kind } from "./kinds/kind.ts";
import type { KubeObject } from "./meta.ts";

/** Reads what else is stored while a view is made. */
export interface Finder {
  get<T extends KubeObject>(kind: Kind<T>, namespace: string, name: string): T | undefined;
  list<T extends KubeObject>(kind: Kind<T>, namespace: string): readonly T[];
}

/**
 * Objects of one kind that are not stored but made from those of another when somebody reads them: at most one from each, in the same
 * namespace. `make` must give the same for the same state; the server sets `uid`, `creationTimestamp` and `resourceVersion`. What is
 * written to such an object is accepted and has no effect, as when a controller undoes it at once, unless the view `keeps` what it would become:
 * then that is stored, and hides the view.
 */
export interface ObjectView<S extends KubeObject = KubeObject> {
  readonly kind: Kind;
  readonly source: Kind<S>;
  /** The name of the object of this source, without making it. */
  name(source: S): string;
  /** Which source may have an object of this name; undefined when it cannot be told, and all are looked at. */
  sourceName?(name: string): string | undefined;
  /** Whether this source has one; every source has when absent. By the source alone, as it may come and go with its changes. */
  applies?(source: S): boolean;
  make(source: S, find: Finder): KubeObject;
  keeps?(written: KubeObject): boolean;
  /** What whoever writes to such an object should do: told to them, after what it is made of. */
  readonly instead?: string;
}

/** A uid that is the same each time, and differs for each kind and each source. */
export function derivedUid(kind: Pick<Kind, "kind">, sourceUid: string, name: string): string {
  const hex = createHash("sha1").update(`${kind.kind}/${sourceUid}/${name}`).digest("hex");
  // RFC 9562 version 5, variant 8: what reads uuids takes it.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

import type { Kind } from "./kinds/kind.ts";
import type { KubeList, KubeObject, WatchEvent } from "./meta.ts";

export interface ListOptions {
  /** All namespaces when absent. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}
export interface WatchOptions extends ListOptions {
  /** Events after this revision; when absent, an ADDED for each existing object comes first. */
  resourceVersion?: string;
  signal: AbortSignal;
}
export interface DeleteOptions {
  preconditions?: { uid?: string; resourceVersion?: string };
  propagationPolicy?: "Background" | "Foreground" | "Orphan";
}

/**
 * What a controller asks of the API. The embedded cluster's controllers get one that calls the API machinery in the same process, through
 * the same admission as an HTTP request.
 *
 * Invariants
 * - A write that resolves is durable (it survives a power cut) and has the object's new resourceVersion.
 * - A write with a stale `metadata.resourceVersion` throws StatusError with reason Conflict and changes nothing; a write that changes
 *   nothing resolves with the object as it is, its resourceVersion untouched.
 * - A watch yields the events of its selection in the order of their revisions, none twice and none left out; if the revision asked for is
 *   no longer kept it throws StatusError with reason Expired.
 * - Objects handed out are frozen or copies: changing them changes nothing that is stored.
 */
export interface KubeClient {
  /** Undefined if there is none. */
  get<T extends KubeObject>(kind: Kind<T>, namespace: string | undefined, name: string): Promise<T | undefined>;
  list<T extends KubeObject>(kind: Kind<T>, options?: ListOptions): Promise<KubeList<T>>;
  watch<T extends KubeObject>(kind: Kind<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T>;
  update<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T>;
  updateStatus<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T>;
  /** Resolves whether or not it was there. */
  delete<T extends KubeObject>(kind: Kind<T>, namespace: string | undefined, name: string, options?: DeleteOptions): Promise<void>;
}

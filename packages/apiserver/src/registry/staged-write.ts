import { conflict, inStorage, inVersion, type Kind, type KubeObject } from "@ebb/kube";
import type { AdmissionAttributes } from "../admission/attributes.ts";
import type { Admission } from "../admission/admission.ts";
import type { Convert } from "../custom/converter.ts";
import type { Change, Store } from "../store/store.ts";
import type { Subresource } from "./prepare-update.ts";
import type { RequestContext } from "./request-context.ts";
import { keyOf } from "./selection.ts";

/** As client-go's users try: more often than that, somebody else is faster every time. */
const ATTEMPTS = 10;

/** One object: `namespace` is empty or absent for cluster-wide kinds. */
export interface Target {
  kind: Kind;
  namespace?: string | undefined;
  name: string;
}

/**
 * A write in the steps that admission takes it in. Each step sees the object that is there in the version of the kind, has no effect of its
 * own and may be run again.
 */
export interface Write {
  target: Target;
  context: RequestContext;
  subresource?: Subresource | undefined;
  /** What it may be: a deletion, or, as server-side apply creates too, one of the others. */
  operations: readonly AdmissionAttributes["operation"][];
  /** meta/v1 options, for webhooks. */
  options: object;
  /** The name that the client gave; another one is not told to mutating webhooks. */
  givenName: string;
  /** What the request makes of what is there; for a deletion, what is there. */
  make(current: KubeObject | undefined): KubeObject;
  /** The same after mutating webhooks have made `mutated` of what was made. */
  remake(current: KubeObject | undefined, made: KubeObject, mutated: KubeObject): KubeObject;
  /** Fills in what the server's own admission does, and refuses what breaks its rules. */
  admit(current: KubeObject | undefined, made: KubeObject): KubeObject;
  /** The last word, in the same step as the write. */
  settle(current: KubeObject | undefined, admitted: KubeObject): KubeObject | "removed";
}

export interface WriteDeps {
  store: Store;
  /** Into another version of the kind, where that is more than another label. */
  convert?: Convert;
  /** The same kind with the schema of another of its versions, if that is served. */
  kindInVersion?: (kind: Kind, version: string) => Kind | undefined;
  admission?: Admission;
}

/**
 * Runs a write: in one step that no other write can come between, unless webhooks or policies have a say. Then on the committed state, which must still be
 * the same when all of them have answered, else from the beginning.
 */
export async function runWrite(write: Write, deps: WriteDeps): Promise<KubeObject | undefined> {
  const { target, context, subresource, operations, givenName } = write;
  const { kind, namespace = "", name } = target;
  const { admission } = deps;
  const deletion = operations.includes("DELETE");
  const converted = deps.convert !== undefined && kind.conversion !== undefined && !deletion;
  if (!converted && !admission?.concerns({ kind, subresource, namespace, name, context }, operations))
    return commit(write, deps, (current) => write.settle(current, write.admit(current, write.make(current))));
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const stored = deps.store.get(keyOf(kind, namespace, name));
    const [current] = stored && converted ? await convertTo(kind, [stored], deps) : [stored && inVersion(kind, stored)];
    const made = write.make(current);
    const attributes = attributesOf(write, current);
    const shown = deletion ? undefined : made;
    const mutated = await admission?.mutate({ ...attributes, name: current ? name : givenName, object: shown });
    const admitted = write.admit(current, mutated && mutated !== made ? write.remake(current, made, mutated) : made);
    await admission?.validate({ ...attributes, name: admitted.metadata.name, object: deletion ? undefined : admitted });
    // What the last word makes of it is known before it is said: a webhook that converts it cannot be waited for in the step of the write.
    const outgoing = converted ? await inStored(kind, write.settle(current, admitted), deps) : undefined;
    let stale = false;
    const outcome = await commit(write, deps, (now) => {
      stale = now?.metadata.resourceVersion !== current?.metadata.resourceVersion || now?.metadata.uid !== current?.metadata.uid;
      if (stale) return "unchanged";
      const settled = write.settle(current, admitted);
      return typeof settled === "string" ? settled : (outgoing ?? settled);
    });
    if (!stale) return outcome;
  }
  throw conflict(kind, name);
}

async function convertTo(kind: Kind, objects: readonly KubeObject[], { convert }: WriteDeps): Promise<readonly KubeObject[]> {
  return convert ? convert(kind, objects) : objects;
}

/** In the version that is stored; undefined for what is not to be stored. */
async function inStored(kind: Kind, settled: KubeObject | "removed", deps: WriteDeps): Promise<KubeObject | undefined> {
  if (settled === "removed" || kind.storageVersion === undefined) return undefined;
  const storage = deps.kindInVersion?.(kind, kind.storageVersion) ?? { ...kind, version: kind.storageVersion };
  const [outgoing] = await convertTo(storage, [settled], deps);
  return outgoing;
}

function attributesOf(
  { target, context, subresource, operations, options }: Write,
  current: KubeObject | undefined,
): Omit<AdmissionAttributes, "name" | "object"> {
  const operation = operations.includes("DELETE") ? "DELETE" : current ? "UPDATE" : "CREATE";
  return { operation, kind: target.kind, subresource, namespace: target.namespace ?? "", oldObject: current, options, context };
}

/** `change` sees and makes the object in the version of the kind. */
async function commit({ target, context }: Write, { store }: WriteDeps, change: Change): Promise<KubeObject | undefined> {
  const { kind, namespace, name } = target;
  const key = keyOf(kind, namespace, name);
  const stored: Change = (current) => {
    const next = change(current && inVersion(kind, current));
    return typeof next === "string" ? next : inStorage(kind, next);
  };
  if (!context.dryRun) return (await store.write(key, stored)).object;
  const current = store.get(key);
  const result = stored(current);
  return typeof result === "string" ? current : result;
}

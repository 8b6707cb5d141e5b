import { apiVersionOf, inVersion, selectorMatcher, type Json, type Kind, type ParamKind, type ParamRef } from "@ebb/kube";
import { keyOf, resourceOf } from "../registry/selection.ts";
import type { Store } from "../store/store.ts";

/** What a policy is evaluated with: once for each, null for none. Throws an Error, in upstream's words, when it has to have some. */
export function paramsOf(
  paramKind: ParamKind | undefined,
  ref: ParamRef | undefined,
  { store, kinds, namespace }: { store: Store; kinds: readonly Kind[]; namespace: string },
): Json[] {
  if (!paramKind || !ref) return [null];
  const kind = kinds.find((each) => apiVersionOf(each) === paramKind.apiVersion && each.kind === paramKind.kind);
  if (!kind) throw new Error(`paramKind kind \`${paramKind.apiVersion}, Kind=${paramKind.kind}\` not known`);
  const within = ref.namespace || namespace;
  if (kind.namespaced && within === "")
    throw new Error("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources");
  if (!kind.namespaced && ref.namespace) throw new Error("paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
  const found = ref.name ? [store.get(keyOf(kind, within, ref.name))] : listed(store, kind, { within, selector: ref.selector });
  const params = found.flatMap((object) => (object ? [inVersion(kind, object) as unknown as Json] : []));
  if (params.length === 0 && ref.parameterNotFoundAction === "Deny")
    throw new Error("no params found for policy binding with `Deny` parameterNotFoundAction");
  return params;
}

function listed(store: Store, kind: Kind, { within, selector }: { within: string; selector: ParamRef["selector"] }) {
  const labels = selectorMatcher(selector);
  return store
    .list(resourceOf(kind))
    .objects.filter(({ metadata }) => (!kind.namespaced || metadata.namespace === within) && labels(metadata.labels));
}

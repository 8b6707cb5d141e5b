import {
  ClusterRoleBindings,
  ClusterRoles,
  RBAC_GROUP,
  RoleBindings,
  Roles,
  type ClusterRole,
  type ClusterRoleBinding,
  type PolicyRule,
  type Role,
  type RoleBinding,
  type RoleRef,
  type Subject,
} from "@ebb/kube";
import { keyOf, resourceOf } from "../registry/selection.ts";
import type { User } from "../registry/request-context.ts";
import type { Store } from "../store/store.ts";

/** What one binding gives to one subject. */
export interface Grant {
  rules: readonly PolicyRule[];
  /** For `reason`: which binding of which role. */
  origin: string;
}

/** By subject; `""` is the whole cluster. */
type BySubject = Map<string, Map<string, Grant[]>>;

const WATCHED: ReadonlySet<string> = new Set([Roles, ClusterRoles, RoleBindings, ClusterRoleBindings].map((kind) => resourceOf(kind)));

/**
 * All bindings, resolved to their rules and ordered by subject and namespace, so that a request looks at what was granted to its user and
 * at nothing else. Made anew when it is asked after a role or a binding has changed.
 */
export class Grants {
  readonly #store: Store;
  readonly #unsubscribe: () => void;
  #bySubject: BySubject | undefined;

  constructor(store: Store) {
    this.#store = store;
    this.#unsubscribe = store.onCommit((events) => {
      if (events.some(({ key }) => WATCHED.has(key.resource))) this.#bySubject = undefined;
    });
  }

  close(): void {
    this.#unsubscribe();
  }

  /** What the user has in a namespace and in the whole cluster; with `""`, in the whole cluster alone. */
  *of(user: User, namespace: string): Generator<Grant> {
    this.#bySubject ??= this.#collect();
    const subjects = [`User/${user.name}`, ...user.groups.map((group) => `Group/${group}`)];
    for (const at of namespace === "" ? [""] : ["", namespace])
      for (const subject of subjects) yield* this.#bySubject.get(subject)?.get(at) ?? [];
  }

  /** The rules of a role that a binding in `namespace` refers to; undefined when there is no such role. */
  rulesOf({ kind, name }: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    const key =
      kind === "ClusterRole" ? keyOf(ClusterRoles, undefined, name) : namespace === "" ? undefined : keyOf(Roles, namespace, name);
    const role = key && (this.#store.get(key) as Role | ClusterRole | undefined);
    return role && (role.rules ?? []);
  }

  #collect(): BySubject {
    const bySubject: BySubject = new Map();
    for (const kind of [ClusterRoleBindings, RoleBindings]) {
      for (const object of this.#store.list(resourceOf(kind)).objects) {
        const { metadata, subjects = [], roleRef } = object as RoleBinding | ClusterRoleBinding;
        const namespace = metadata.namespace ?? "";
        const rules = roleRef.apiGroup === RBAC_GROUP ? this.rulesOf(roleRef, namespace) : undefined;
        if (!rules) continue;
        const id = namespace === "" ? metadata.name : `${metadata.name}/${namespace}`;
        const origin = `RBAC: allowed by ${kind.kind} ${JSON.stringify(id)} of ${roleRef.kind} ${JSON.stringify(roleRef.name)}`;
        for (const subject of subjects) {
          const grant = { rules, origin: `${origin} to ${subject.kind} ${JSON.stringify(nameOf(subject))}` };
          add(bySubject, keyOfSubject(subject), namespace, grant);
        }
      }
    }
    return bySubject;
  }
}

function add(bySubject: BySubject, subject: string, namespace: string, grant: Grant): void {
  let places = bySubject.get(subject);
  if (!places) bySubject.set(subject, (places = new Map()));
  const grants = places.get(namespace);
  if (grants) grants.push(grant);
  else places.set(namespace, [grant]);
}

function nameOf({ name, namespace }: Subject): string {
  return namespace ? `${name}/${namespace}` : name;
}

function keyOfSubject({ kind, name, namespace = "" }: Subject): string {
  return kind === "ServiceAccount" ? `User/system:serviceaccount:${namespace}:${name}` : `${kind}/${name}`;
}

import { isDeepStrictEqual } from "node:util";
import { WorkQueue, type Clock, type Logger, type Runnable } from "@ebb/base";
import { ClusterRoleBindings, ClusterRoles, isStatus, type ClusterRole, type Kind, type KubeObject } from "@ebb/kube";
import type { Registry } from "../registry/registry.ts";
import type { RequestContext } from "../registry/request-context.ts";
import { keyOf, resourceOf } from "../registry/selection.ts";
import type { Store } from "../store/store.ts";
import { aggregatedRules } from "./aggregate.ts";
import { MASTERS } from "./authorizer.ts";
import { AUTO_UPDATE, BOOTSTRAP_BINDINGS, BOOTSTRAP_ROLES } from "./bootstrap-roles.ts";
import { uncovered } from "./rules.ts";

const CONTEXT: RequestContext = {
  user: { name: "system:serviceaccount:kube-system:clusterrole-aggregation-controller", groups: [MASTERS] },
  // The server does not start without its roles.
  skipWebhooks: true,
};
const ALL = "cluster roles";

interface RoleControllerDeps {
  registry: Registry;
  store: Store;
  clock: Clock;
  log: Logger;
}

/** Sees that the roles are there that every cluster has, and keeps aggregated ClusterRoles what their parts say. */
export class RoleController implements Runnable {
  readonly name = "roles";
  readonly #deps: RoleControllerDeps;
  readonly #queue: WorkQueue;
  #unsubscribe: () => void = () => undefined;

  constructor(deps: RoleControllerDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue({ name: "roles", clock: deps.clock, log: deps.log, handle: () => this.#aggregate() });
  }

  /** Resolves when all rules are in force. */
  async start(): Promise<void> {
    // At once: one transaction.
    const roles = BOOTSTRAP_ROLES.map((role) => this.#ensureRole(role));
    await Promise.all([...roles, ...BOOTSTRAP_BINDINGS.map((binding) => this.#ensure(ClusterRoleBindings, binding))]);
    await this.#aggregate();
    const watched = resourceOf(ClusterRoles);
    this.#unsubscribe = this.#deps.store.onCommit((events) => {
      if (events.some(({ key }) => key.resource === watched)) this.#queue.add(ALL);
    });
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await this.#queue.stop();
  }

  async #ensureRole(role: ClusterRole): Promise<void> {
    const current = this.#deps.store.get(keyOf(ClusterRoles, undefined, role.metadata.name)) as ClusterRole | undefined;
    if (!current) return this.#ensure(ClusterRoles, role);
    // A role of an older version may lack a rule; what the operator added, or took under their own care, stays.
    const missing = role.aggregationRule ? [] : uncovered(role.rules ?? [], current.rules ?? []);
    if (missing.length === 0 || current.metadata.annotations?.[AUTO_UPDATE] !== "true") return;
    await this.#write(current, [...(current.rules ?? []), ...missing]);
  }

  async #ensure(kind: Kind, object: KubeObject): Promise<void> {
    if (this.#deps.store.get(keyOf(kind, undefined, object.metadata.name))) return;
    await this.#deps.registry.create(kind, undefined, structuredClone(object), CONTEXT);
  }

  async #aggregate(): Promise<void> {
    const roles = this.#deps.store.list(resourceOf(ClusterRoles)).objects as readonly ClusterRole[];
    let changed = false;
    for (const role of roles) {
      const rules = aggregatedRules(role, roles);
      if (!rules || isDeepStrictEqual(rules, role.rules ?? [])) continue;
      await this.#write(role, rules);
      changed = true;
    }
    // A role that is aggregated may be a part of another: `view` of `edit` of `admin`.
    if (changed) await this.#aggregate();
  }

  async #write({ metadata }: ClusterRole, rules: readonly object[]): Promise<void> {
    const target = { kind: ClusterRoles, name: metadata.name };
    try {
      await this.#deps.registry.modify(target, (current) => ({ ...current, rules }), CONTEXT);
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
    }
  }
}

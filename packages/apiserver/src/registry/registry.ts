import type { Clock, Random } from "@ebb/base";
import {
  admit,
  alreadyExists,
  apiVersionOf,
  badRequest,
  conflict,
  forbidden,
  forbiddenField,
  invalid,
  isStatus,
  Namespaces,
  notFound,
  ruleCauses,
  StatusError,
  unsupportedValue,
  withScale,
  type AdmissionRequest,
  type ConfigCheck,
  type DeleteOptions,
  type Json,
  type Kind,
  type KubeList,
  type KubeObject,
  type ListOptions,
} from "@ebb/kube";
import type { Admission } from "../admission/admission.ts";
import type { Convert } from "../custom/converter.ts";
import type { Store, StoreKey } from "../store/store.ts";
import { decodeContinue, encodeContinue } from "./continue-token.ts";
import { decode, decodeApplied } from "./decode.ts";
import { readState } from "./expired-list.ts";
import { LiveConfig } from "./live-config.ts";
import { ignoringTimes, withApplied, withOwnership } from "./ownership.ts";
import { afterMutation, prepareCreate } from "./prepare-create.ts";
import { isHeld, prepareDelete } from "./prepare-delete.ts";
import { prepareUpdate, withGeneration, writesStatus, type Subresource } from "./prepare-update.ts";
import type { RequestContext, User } from "./request-context.ts";
import { checkReached, keyOf, parseRevision, resourceOf, selection } from "./selection.ts";
import { runWrite, type Target, type Write } from "./staged-write.ts";
import { WatchStream, type StreamOptions } from "./watch-stream.ts";

/** k8s.io/apiserver tries as often before it gives up on a generated name. */
const NAME_ATTEMPTS = 8;

export interface RegistryDeps {
  store: Store;
  clock: Clock;
  random: Random;
  /** Whether a ConfigMap of namespace knative-serving can be read by what it configures. */
  configCheck?: ConfigCheck;
  /** What the namespace adds to a new object, before webhooks see it. */
  fill?: (kind: Kind, object: KubeObject) => KubeObject;
  /** Asked before an object that was admitted is stored; throws to refuse it. Not for status. */
  guard?: (kind: Kind, next: KubeObject, old: KubeObject | undefined, user: User) => void;
  /** The same before a status is stored. */
  guardStatus?: (write: StatusWrite) => void;
  /** Why what is written to an object comes to nothing: the client is told. */
  futile?: (key: StoreKey, written?: KubeObject) => string | undefined;
  /** Turns objects of kinds with a conversion webhook into another version. */
  convert?: Convert;
  kindInVersion?: (kind: Kind, version: string) => Kind | undefined;
  /** Asked about writes between the server's own admission; none is asked when absent. */
  admission?: Admission;
}

export interface StatusWrite {
  kind: Kind;
  subresource: "status" | "approval";
  next: KubeObject;
  old: KubeObject;
  user: User;
}

export interface ListRequest extends ListOptions {
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  resourceVersionMatch?: string;
}
export interface Deletion {
  object: KubeObject;
  /** False while finalizers keep it. */
  removed: boolean;
  /** It is made when it is read, and so is there again: another, to whoever waits for this one to go. */
  again: boolean;
}

/**
 * The API machinery: what the REST layer and the clients in this process do to objects, by the conventions of Kubernetes. Every refusal
 * is a StatusError. Reads answer from committed state; a write resolves when it is durable.
 */
export class Registry {
  readonly #deps: RegistryDeps;
  readonly #config: LiveConfig;

  constructor(deps: RegistryDeps) {
    this.#deps = deps;
    this.#config = new LiveConfig(deps.store);
  }

  /** Throws NotFound. */
  get({ kind, namespace, name }: Target): KubeObject {
    const object = this.#deps.store.get(keyOf(kind, namespace, name));
    if (!object) throw notFound(kind, name);
    return object;
  }

  /** In the state of one revision, also over several pages. Throws BadRequest, Expired or Invalid. */
  list(kind: Kind, request: ListRequest): KubeList {
    const { store } = this.#deps;
    checkMatch(kind, request);
    const wanted = parseRevision(request.resourceVersion);
    const token = request.continue ? decodeContinue(request.continue) : undefined;
    if (token && wanted) throw badRequest("specifying resource version is not allowed when using continue");
    if (wanted !== undefined) checkReached(wanted, store.revision);
    const at = token?.revision ?? (request.resourceVersionMatch === "Exact" ? wanted : undefined);
    const { objects, revision } = readState(
      () => store.list(resourceOf(kind), kind.namespaced ? request.namespace || undefined : "", at),
      token,
    );
    const matching = objects.filter(selection(kind, request));
    const rest = token ? matching.filter((object) => isAfter(object, token)) : matching;
    const items = request.limit ? rest.slice(0, request.limit) : rest;
    const last = items.at(-1);
    const more = rest.length - items.length;
    return {
      apiVersion: apiVersionOf(kind),
      kind: `${kind.kind}List`,
      metadata: {
        resourceVersion: String(revision),
        ...(more > 0 && last
          ? {
              continue: encodeContinue({ revision, namespace: last.metadata.namespace ?? "", name: last.metadata.name }),
              // With a selector, the number would tell of objects that were not asked for.
              ...(request.labelSelector || request.fieldSelector ? {} : { remainingItemCount: more }),
            }
          : {}),
      },
      items,
    };
  }

  /** The objects as a client of that version of the kind sees them. Throws InternalError when their webhook fails. */
  async inVersion(kind: Kind, objects: readonly KubeObject[]): Promise<readonly KubeObject[]> {
    const { convert } = this.#deps;
    return convert && kind.conversion ? convert(kind, objects) : objects;
  }

  /** Open at once; throws BadRequest or Expired. */
  watch(kind: Kind, options: StreamOptions): WatchStream {
    return new WatchStream(this.#deps.store, kind, options);
  }

  /** Throws AlreadyExists, NotFound (its namespace), Forbidden (it is being deleted), BadRequest or Invalid. */
  async create(kind: Kind, namespace: string | undefined, body: unknown, context: RequestContext): Promise<KubeObject> {
    const decoded = decode(kind, body, context);
    const at = kind.namespaced ? namespace || decoded.metadata.namespace || "" : "";
    const generated = !decoded.metadata.name;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#create(kind, at, decoded, context);
      } catch (error) {
        if (!generated || attempt === NAME_ATTEMPTS || !isStatus(error, "AlreadyExists")) throw error;
      }
    }
  }

  async #create(kind: Kind, namespace: string, decoded: KubeObject, context: RequestContext): Promise<KubeObject> {
    const uid = context.ownUids ? decoded.metadata.uid : undefined;
    const named = prepareCreate(kind, decoded, namespace, { ...this.#deps, uid });
    const writer = { kind, context, clock: this.#deps.clock };
    const prepared = withOwnership(writer, undefined, named, decoded.metadata.managedFields);
    const { name } = prepared.metadata;
    let last: KubeObject = prepared;
    const object = await this.#run({
      target: { kind, namespace, name },
      context,
      operations: ["CREATE"],
      givenName: decoded.metadata.name ?? "",
      make: (current) => {
        if (kind.namespaced) this.#checkNamespace(kind, namespace, name);
        if (current) throw alreadyExists(kind, name);
        return this.#deps.fill?.(kind, prepared) ?? prepared;
      },
      settle: (_, admitted) => {
        last = admitted;
        return admitted;
      },
    });
    return object ?? last;
  }

  /** Replaces the object. Throws NotFound, Conflict, BadRequest or Invalid; one that changes nothing answers the object as it is. */
  update(target: Target, body: unknown, context: RequestContext, subresource?: Subresource): Promise<KubeObject> {
    return this.modify(target, () => body, context, subresource);
  }

  /** Replaces the object with what `transform` makes of it, in one step that no other write can come between. */
  async modify(
    target: Target,
    transform: (current: KubeObject) => unknown,
    context: RequestContext,
    subresource?: Subresource,
  ): Promise<KubeObject> {
    const { kind, name } = target;
    return this.#replace({
      target,
      context,
      subresource,
      operations: ["UPDATE"],
      make: (current) => {
        if (!current) throw notFound(kind, name);
        const incoming = decode(kind, transform(current), context, current);
        const merged = prepareUpdate(kind, current, incoming, { ...this.#deps, subresource });
        const writer = { kind, context, subresource, clock: this.#deps.clock };
        return withOwnership(writer, current, merged, incoming.metadata.managedFields);
      },
    });
  }

  /** Server-side apply, which also creates. Throws Conflict when others own what is applied, and what `create` and `modify` throw. */
  async apply(
    target: Target,
    { body, force }: { body: unknown; force: boolean },
    context: RequestContext,
    subresource?: Subresource,
  ): Promise<{ object: KubeObject; created: boolean }> {
    const { kind, namespace, name } = target;
    const applied = decodeApplied(kind, body, context);
    const writer = { kind, context, subresource, clock: this.#deps.clock };
    // Unknown fields have been reported; the object that it becomes part of has none.
    const silent: RequestContext = { ...context, fieldValidation: "Ignore" };
    let created = false;
    const make = (current: KubeObject | undefined) => {
      created = current === undefined;
      const merged = withApplied(writer, current, { applied, force });
      if (current)
        return withFields(prepareUpdate(kind, current, decode(kind, merged, silent, current), { ...this.#deps, subresource }), merged);
      if (subresource !== undefined) throw notFound(kind, name);
      checkNew(kind, name, applied);
      const decoded = decode(kind, { ...merged, metadata: { ...merged.metadata, name } }, silent);
      const prepared = prepareCreate(kind, decoded, namespace ?? "", this.#deps);
      if (kind.namespaced) this.#checkNamespace(kind, namespace ?? "", name);
      context.authorizeCreate?.();
      return withFields(this.#deps.fill?.(kind, prepared) ?? prepared, merged);
    };
    const object = await this.#replace({ target, context, subresource, operations: ["CREATE", "UPDATE"], make });
    return { object, created };
  }

  async #replace(write: Pick<Write, "target" | "context" | "subresource" | "operations" | "make">): Promise<KubeObject> {
    const { kind, name } = write.target;
    let last: KubeObject | undefined;
    const object = await this.#run({
      ...write,
      settle: (current, written) => {
        const next = current ? ignoringTimes(current, written) : written;
        last = next;
        // The last finalizer is gone: so is the object.
        const released = next.metadata.deletionTimestamp !== undefined && (next.metadata.finalizers ?? []).length === 0;
        return released && !isHeld(kind, next) ? "removed" : next;
      },
    });
    if (!object && !last) throw notFound(kind, name);
    return object ?? (last as KubeObject);
  }

  #admission({ user, warn, dryRun = false }: RequestContext): AdmissionRequest {
    const { configCheck } = this.#deps;
    return {
      user: user.name,
      requester: user,
      config: this.#config.current,
      dryRun,
      ...(configCheck ? { configCheck } : {}),
      ...(warn ? { warn } : {}),
    };
  }

  /** A creation or a replacement, with the steps that are the same for all of them. */
  #run(write: Pick<Write, "target" | "context" | "operations" | "make" | "settle"> & Partial<Write>): Promise<KubeObject | undefined> {
    const { target, context, subresource, settle } = write;
    const { kind, namespace = "", name } = target;
    return runWrite(
      {
        givenName: name,
        options: context.options ?? {},
        remake: (current, made, mutated) => this.#remake({ target, context, subresource }, { current, made, mutated }),
        admit: (current, made) => {
          checkRules(kind, current, made);
          return writesStatus(subresource) ? made : this.#admit(kind, current, made, context);
        },
        ...write,
        settle: (current, admitted) => {
          if (!current && kind.namespaced) this.#checkNamespace(kind, namespace, name);
          if (!writesStatus(subresource)) this.#deps.guard?.(kind, admitted, current, context.user);
          else if (current) this.#deps.guardStatus?.({ kind, subresource, next: admitted, old: current, user: context.user });
          return settle(current, admitted);
        },
      },
      this.#deps,
    );
  }

  #remake(
    { target: { kind, name }, context, subresource }: Pick<Write, "target" | "context" | "subresource">,
    { current, made, mutated }: { current: KubeObject | undefined; made: KubeObject; mutated: KubeObject },
  ): KubeObject {
    const whole = subresource === "scale" && kind.scale ? withScale(made, mutated, kind.scale, name) : mutated;
    // What a webhook adds that nobody knows is dropped, and is none of the client's business.
    const decoded = decode(kind, whole, { ...context, fieldValidation: "Ignore" }, current);
    return current
      ? withFields(prepareUpdate(kind, current, decoded, { ...this.#deps, subresource }), made)
      : afterMutation(kind, made, decoded);
  }

  #admit(kind: Kind, current: KubeObject | undefined, made: KubeObject, context: RequestContext): KubeObject {
    if (!current) return admit(kind, made, this.#admission(context));
    const futile = this.#deps.futile?.(keyOf(kind, made.metadata.namespace, made.metadata.name), made);
    const request = { ...this.#admission(context), old: current, ...(futile === undefined ? {} : { futile }) };
    // What is being deleted must be able to lose its finalizers, whatever later rules say of its spec.
    const admitted = current.metadata.deletionTimestamp ? made : admit(kind, made, request);
    return withGeneration(kind, current, admitted);
  }

  /** Throws NotFound, Conflict (a precondition) or Forbidden. */
  async delete(target: Target, options: DeleteOptions, context: RequestContext): Promise<Deletion> {
    const { kind, name } = target;
    let removed = false;
    let before: KubeObject | undefined;
    const write: Write = {
      target,
      context,
      operations: ["DELETE"],
      options: { ...options, ...(context.dryRun ? { dryRun: ["All"] } : {}) },
      givenName: name,
      make: (current) => {
        if (!current) throw notFound(kind, name);
        before = current;
        return current;
      },
      remake: (_, made) => made,
      admit: (_, made) => made,
      settle: (_, current) => {
        const next = prepareDelete(kind, current, options, this.#deps.clock);
        removed = next === "removed";
        return next;
      },
    };
    const object = await runWrite(write, this.#deps);
    const last = object ?? before;
    if (!last) throw notFound(kind, name);
    const futile = this.#deps.futile?.(keyOf(kind, target.namespace, name));
    if (futile !== undefined) context.warn?.(futile);
    return { object: last, removed, again: futile !== undefined };
  }

  /** Each object of the selection; those that somebody else deleted meanwhile do not count. */
  async deleteCollection(kind: Kind, request: ListRequest, options: DeleteOptions, context: RequestContext): Promise<KubeList> {
    const list = this.list(kind, request);
    const deletions = list.items.map(async ({ metadata }) => {
      try {
        return [(await this.delete({ kind, namespace: metadata.namespace, name: metadata.name }, options, context)).object];
      } catch (error) {
        if (isStatus(error, "NotFound")) return [];
        throw error;
      }
    });
    return { ...list, items: (await Promise.all(deletions)).flat() };
  }

  #checkNamespace(kind: Kind, namespace: string, name: string): void {
    const found = this.#deps.store.get(keyOf(Namespaces, undefined, namespace));
    if (!found) throw notFound(Namespaces, namespace);
    if (found.metadata.deletionTimestamp === undefined) return;
    const refusal = forbidden(kind, name, `unable to create new content in namespace ${namespace} because it is being terminated`);
    const cause = { reason: "NamespaceTerminating", message: `namespace ${namespace} is being terminated`, field: "metadata.namespace" };
    throw new StatusError("Forbidden", refusal.message, { ...refusal.statusDetails, causes: [cause] });
  }
}

/** The rules in CEL of a kind that a user has defined. Throws Invalid. */
function checkRules(kind: Kind, current: KubeObject | undefined, next: KubeObject): void {
  if (!kind.schema) return;
  const causes = ruleCauses(kind.schema, next as unknown as Json, current as unknown as Json | undefined);
  if (causes.length > 0) throw invalid(kind, next.metadata.name, causes);
}

/** With the managedFields of another one. */
function withFields(object: KubeObject, { metadata: { managedFields } }: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: { ...metadata, ...(managedFields ? { managedFields } : {}) } };
}

function isAfter({ metadata }: KubeObject, token: { namespace: string; name: string }): boolean {
  return `${metadata.namespace ?? ""}/${metadata.name}` > `${token.namespace}/${token.name}`;
}

/** What is applied to an object that is not there must not mean a certain one. */
function checkNew(kind: Kind, name: string, { metadata }: KubeObject): void {
  if (metadata.name && metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name.slice(0, 300)}) does not match the name on the URL (${name})`);
  }
  if (!metadata.uid) return;
  throw conflict(kind, name, `uid mismatch: the provided object specified uid ${metadata.uid}, and no existing object was found`);
}

/** k8s.io/apimachinery internalversion/validation: which combinations of version and match make sense. */
function checkMatch(kind: Kind, { resourceVersion = "", resourceVersionMatch: match, continue: token }: ListRequest): void {
  if (match === undefined || match === "") return;
  const options = { group: "meta.k8s.io", kind: "ListOptions", plural: kind.plural };
  const forbid = (wrong: boolean, why: string) => (wrong ? [forbiddenField("resourceVersionMatch", why)] : []);
  const causes = [
    ...forbid(resourceVersion === "", "resourceVersionMatch is forbidden unless resourceVersion is provided"),
    ...forbid(Boolean(token), "resourceVersionMatch is forbidden when continue is provided"),
    ...(match === "Exact" || match === "NotOlderThan"
      ? []
      : [unsupportedValue("resourceVersionMatch", match.slice(0, 100), ["Exact", "NotOlderThan", ""])]),
    ...forbid(match === "Exact" && resourceVersion === "0", 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'),
  ];
  if (causes.length > 0) throw invalid(options, "", causes);
}

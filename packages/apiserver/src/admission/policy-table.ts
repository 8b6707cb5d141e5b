import {
  AdmissionPolicies,
  AdmissionPolicyBindings,
  matchesRule,
  selectorMatcher,
  type AdmissionPolicy,
  type AdmissionPolicyBinding,
  type Kind,
  type LabelMatcher,
  type MatchResources,
  type NamedRule,
} from "@ebb/kube";
import { resourceOf } from "../registry/selection.ts";
import type { Store } from "../store/store.ts";
import { matchedKind, type Matched } from "./match.ts";

/** Requests that are selected. */
export interface Selected {
  resources: MatchResources;
  namespaces: LabelMatcher;
  objects: LabelMatcher;
}
export interface BoundPolicy {
  policy: AdmissionPolicy;
  about: Selected;
  bindings: readonly { binding: AdmissionPolicyBinding; about: Selected | undefined }[];
}

/** The policies that have a binding, by their names. */
export class PolicyTable {
  readonly #store: Store;
  readonly #kinds: () => readonly Kind[];
  readonly #unsubscribe: () => void;
  /** Read again only after a policy or a binding has changed. */
  #bound: readonly BoundPolicy[] | undefined;

  constructor(store: Store, kinds: () => readonly Kind[]) {
    this.#store = store;
    this.#kinds = kinds;
    const resources = new Set([AdmissionPolicies, AdmissionPolicyBindings].map(resourceOf));
    this.#unsubscribe = store.onCommit((events) => {
      if (events.some(({ key }) => resources.has(key.resource))) this.#bound = undefined;
    });
  }

  close(): void {
    this.#unsubscribe();
  }

  get bound(): readonly BoundPolicy[] {
    return (this.#bound ??= this.#read());
  }

  /** The kind, in the version that the rules are about, if they are about the request; without rules, that of the request. */
  match({ resourceRules = [], excludeResourceRules = [], matchPolicy }: MatchResources, request: Matched): Kind | undefined {
    const { name } = request;
    const within = (rules: readonly NamedRule[]) =>
      matchedKind(request, {
        holds: (ruled) =>
          rules.some((rule) => matchesRule(rule, ruled) && (!rule.resourceNames?.length || rule.resourceNames.includes(name))),
        matchPolicy,
        kinds: this.#kinds,
      });
    if (excludeResourceRules.length > 0 && within(excludeResourceRules)) return undefined;
    return resourceRules.length === 0 ? request.kind : within(resourceRules);
  }

  #read(): BoundPolicy[] {
    const policies = this.#store.list(resourceOf(AdmissionPolicies)).objects as readonly AdmissionPolicy[];
    const bindings = this.#store.list(resourceOf(AdmissionPolicyBindings)).objects as readonly AdmissionPolicyBinding[];
    return policies.flatMap((policy) => {
      const own = bindings
        .filter(({ spec }) => spec?.policyName === policy.metadata.name)
        .map((binding) => ({ binding, about: binding.spec?.matchResources && selected(binding.spec.matchResources) }));
      return own.length > 0 ? [{ policy, about: selected(policy.spec?.matchConstraints ?? {}), bindings: own }] : [];
    });
  }
}

function selected(resources: MatchResources): Selected {
  return {
    resources,
    namespaces: selectorMatcher(resources.namespaceSelector),
    objects: selectorMatcher(resources.objectSelector),
  };
}

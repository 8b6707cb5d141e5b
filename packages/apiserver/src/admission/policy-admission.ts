import type { Logger } from "@ebb/base";
import {
  AdmissionPolicies,
  AdmissionPolicyBindings,
  forbidden,
  Namespaces,
  judgeByPolicy,
  StatusError,
  type AdmissionPolicyBinding,
  type Json,
  type Kind,
  type PolicyDenial,
  type PolicyVerdict,
} from "@ebb/kube";
import { keyOf } from "../registry/selection.ts";
import type { Store } from "../store/store.ts";
import type { AdmissionAttributes } from "./attributes.ts";
import { noteAnnotations } from "./audit-annotations.ts";
import { hasLabels, inNamespaces, isOneOf } from "./match.ts";
import { paramsOf } from "./policy-params.ts";
import type { BoundPolicy, PolicyTable, Selected } from "./policy-table.ts";
import { expressionInput } from "./review.ts";

/** Never judged: who broke their policies could not mend them. */
const EXEMPT: readonly Kind[] = [AdmissionPolicies, AdmissionPolicyBindings];

interface Denied extends PolicyDenial {
  policy: string;
  binding: string;
}

/** Judges writes by the cluster's ValidatingAdmissionPolicies, as k8s.io/apiserver pkg/admission/plugin/policy/validating does. */
export class PolicyAdmission {
  readonly #deps: { table: PolicyTable; store: Store; kinds(): readonly Kind[]; log: Logger };

  constructor(deps: { table: PolicyTable; store: Store; kinds(): readonly Kind[]; log: Logger }) {
    this.#deps = deps;
  }

  /** Whether any policy's rules are about such a write; false at once when none has a binding. */
  concerns(
    request: Pick<AdmissionAttributes, "kind" | "subresource" | "namespace" | "name" | "context">,
    operations: readonly AdmissionAttributes["operation"][],
  ): boolean {
    const { table } = this.#deps;
    if (table.bound.length === 0 || request.context.skipWebhooks || isOneOf(EXEMPT, request.kind)) return false;
    return table.bound.some(({ about }) => operations.some((operation) => table.match(about.resources, { ...request, operation })));
  }

  /** Throws the first denial of a binding that denies, in upstream's words; warns for those that warn, and notes those that audit. */
  validate(attributes: AdmissionAttributes): void {
    if (attributes.context.skipWebhooks || isOneOf(EXEMPT, attributes.kind)) return;
    const denied = this.#deps.table.bound.flatMap((bound) => this.#judge(bound, attributes));
    const [first] = denied;
    if (!first) return;
    const { policy, binding, message, reason } = first;
    const text = `ValidatingAdmissionPolicy '${policy}' with binding '${binding}' denied request: ${message}`;
    const refusal = forbidden(attributes.kind, attributes.name || "Unknown", text);
    throw new StatusError(reason, refusal.message, { ...refusal.statusDetails, causes: [{ message: text }] });
  }

  #judge({ policy, about, bindings }: BoundPolicy, attributes: AdmissionAttributes): Denied[] {
    const { table, store, log, kinds } = this.#deps;
    const matched = this.#selects(about, attributes) ? table.match(about.resources, attributes) : undefined;
    if (!matched) return [];
    const { spec, metadata } = policy;
    const { namespace } = attributes;
    const namespaceObject = namespace === "" ? undefined : store.get(keyOf(Namespaces, undefined, namespace));
    const input = {
      ...expressionInput(attributes, matched),
      namespaceObject: (namespaceObject ?? null) as Json,
    };
    return bindings.flatMap(({ binding, about: narrowed }) => {
      if (narrowed && !(this.#selects(narrowed, attributes) && table.match(narrowed.resources, attributes))) return [];
      const names = { policy: metadata.name, binding: binding.metadata.name };
      let params: Json[];
      try {
        params = paramsOf(spec?.paramKind, binding.spec?.paramRef, { store, kinds: kinds(), namespace });
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        if (spec?.failurePolicy !== "Ignore") return [{ ...names, message: `failed to configure binding: ${why}`, reason: "Invalid" }];
        log.warn({ ...names, error }, "a policy was passed over: its parameters cannot be told");
        return [];
      }
      const verdicts = params.map((each) => judgeByPolicy(policy, { ...input, params: each }));
      noteAnnotations(log, attributes, annotationsOf(metadata.name, verdicts));
      const denials = verdicts.flatMap((verdict) => verdict.denials);
      return this.#enforce(denials, { names, binding, attributes });
    });
  }

  /** Does what the binding says, and leaves what it denies. */
  #enforce(
    denials: readonly PolicyDenial[],
    {
      names,
      binding,
      attributes,
    }: { names: { policy: string; binding: string }; binding: AdmissionPolicyBinding; attributes: AdmissionAttributes },
  ): Denied[] {
    const { validationActions = [] } = binding.spec ?? {};
    const { kind, namespace, name, context } = attributes;
    for (const { message } of denials) {
      if (validationActions.includes("Warn"))
        context.warn?.(`Validation failed for ValidatingAdmissionPolicy '${names.policy}' with binding '${names.binding}': ${message}`);
      if (validationActions.includes("Audit"))
        this.#deps.log.info({ ...names, kind: kind.kind, namespace, name, user: context.user.name, message }, "a write breaks a policy");
    }
    return validationActions.includes("Deny") ? denials.map((denial) => ({ ...names, ...denial })) : [];
  }

  #selects({ namespaces, objects }: Selected, attributes: AdmissionAttributes): boolean {
    return inNamespaces(namespaces, attributes, this.#deps.store) && hasLabels(objects, attributes);
  }
}

/** By the policy's name; what several parameters say under one key, together. */
function annotationsOf(policy: string, verdicts: readonly PolicyVerdict[]): Record<string, string> {
  const texts = new Map<string, Set<string>>();
  for (const [key, value] of verdicts.flatMap(({ annotations }) => Object.entries(annotations))) {
    const name = `${policy}/${key}`;
    texts.set(name, (texts.get(name) ?? new Set<string>()).add(value));
  }
  return Object.fromEntries([...texts].map(([name, values]) => [name, [...values].join(", ")]));
}

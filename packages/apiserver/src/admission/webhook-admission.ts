import { isDeepStrictEqual } from "node:util";
import type { Logger, Random } from "@ebb/base";
import {
  AdmissionPolicies,
  AdmissionPolicyBindings,
  conditionsHold,
  forbidden,
  inVersion,
  isForeign,
  isJsonObject,
  jsonPatch,
  MutatingWebhooks,
  StatusError,
  ValidatingWebhooks,
  type Json,
  type Kind,
  type KubeObject,
} from "@ebb/kube";
import type { Convert } from "../custom/converter.ts";
import type { Store } from "../store/store.ts";
import type { AdmissionAttributes } from "./attributes.ts";
import { noteAnnotations } from "./audit-annotations.ts";
import { WebhookDenial } from "./denial.ts";
import { hasLabels, inNamespaces, isOneOf } from "./match.ts";
import { expressionInput, inReview, readAnswer, reviewOf, reviewVersion, type Verdict } from "./review.ts";
import type { WebhookCaller } from "./webhook-caller.ts";
import type { RegisteredWebhook, WebhookSort, WebhookTable } from "./webhook-table.ts";

/** Never asked about: who broke their webhooks could not mend them. */
const EXEMPT: readonly Kind[] = [MutatingWebhooks, ValidatingWebhooks, AdmissionPolicies, AdmissionPolicyBindings];

export interface WebhookAdmissionDeps {
  table: WebhookTable;
  caller: WebhookCaller;
  store: Store;
  /** Of kinds whose versions differ by more than their label. */
  convert?: Convert;
  random: Random;
  log: Logger;
}

/** Asks the cluster's admission webhooks about writes, as k8s.io/apiserver pkg/admission/plugin/webhook does. */
export class WebhookAdmission {
  readonly #deps: WebhookAdmissionDeps;

  constructor(deps: WebhookAdmissionDeps) {
    this.#deps = deps;
  }

  /** Whether any webhook's rules are about such a write; cheap, and false at once when there are no webhooks. */
  concerns(
    request: Pick<AdmissionAttributes, "kind" | "subresource" | "namespace" | "name" | "context">,
    operations: readonly AdmissionAttributes["operation"][],
  ): boolean {
    const { table } = this.#deps;
    if (table.empty || request.context.skipWebhooks || isOneOf(EXEMPT, request.kind)) return false;
    const asked = (hook: RegisteredWebhook) => operations.some((operation) => table.match(hook, { ...request, operation }) !== undefined);
    return table.of("mutating").some(asked) || table.of("validating").some(asked);
  }

  /**
   * The object as mutating webhooks want it; the same one if they change nothing. In order, and those that ask for it once more if a later one
   * made a change. Throws WebhookDenial, or InternalError for a webhook that fails and whose failurePolicy says so.
   */
  async mutate(attributes: AdmissionAttributes): Promise<KubeObject | undefined> {
    let object = attributes.object;
    let again = new Set<string>();
    const called = new Set<string>();
    const visit = async (hook: RegisteredWebhook) => {
      const asked = { ...attributes, object };
      const next = await this.#mutateBy(hook, asked);
      if (next === undefined) return;
      if (!isDeepStrictEqual(next, object)) again = again.union(called);
      if (hook.webhook.reinvocationPolicy === "IfNeeded") called.add(hook.id);
      object = next;
    };
    const hooks = this.#deps.table.of("mutating");
    for (const hook of hooks) await visit(hook);
    const second = new Set(again);
    for (const hook of hooks) if (second.has(hook.id)) await visit(hook);
    return object;
  }

  /** Asks all validating webhooks at once. Throws what the first of them in order says against it. */
  async validate(attributes: AdmissionAttributes): Promise<void> {
    const verdicts = await Promise.allSettled(
      this.#deps.table.of("validating").map(async (hook) => {
        const match = await this.#matches(hook, attributes);
        if (match) await this.#ask(hook, { ...match, sort: "validating" });
      }),
    );
    for (const verdict of verdicts) if (verdict.status === "rejected") throw verdict.reason;
  }

  /** Undefined if the webhook is not asked. */
  async #mutateBy(hook: RegisteredWebhook, attributes: AdmissionAttributes): Promise<KubeObject | undefined> {
    const match = await this.#matches(hook, attributes);
    if (!match) return undefined;
    const { matched, attributes: seen } = match;
    const verdict = await this.#ask(hook, { ...match, sort: "mutating" });
    const { object, kind } = attributes;
    if (!verdict || verdict.patch === undefined) return object;
    const { name } = hook.webhook;
    if (!object || !seen.object)
      throw internal(`admission webhook ${JSON.stringify(name)} attempted to modify the object, which is not supported for this operation`);
    const patched = patch(name, inReview(seen, matched, seen.object), verdict.patch);
    if (seen !== attributes) return this.#converted(kind, patched);
    return attributes.subresource === "scale" ? patched : { ...inVersion(kind, patched), apiVersion: object.apiVersion, kind: object.kind };
  }

  async #matches(hook: RegisteredWebhook, attributes: AdmissionAttributes): Promise<Match | undefined> {
    const matched = this.#deps.table.match(hook, attributes);
    if (!matched || !inNamespaces(hook.namespaces, attributes, this.#deps.store) || !hasLabels(hook.objects, attributes)) return undefined;
    const seen = await this.#seenIn(matched, attributes);
    return this.#meetsConditions(hook, seen, matched) ? { matched, attributes: seen } : undefined;
  }

  /** With its objects in the version that the webhook asked for; the same where that is but another label. */
  async #seenIn(matched: Kind, attributes: AdmissionAttributes): Promise<AdmissionAttributes> {
    const { object, oldObject, subresource } = attributes;
    if (subresource === "scale" || ![object, oldObject].some((each) => each && isForeign(matched, each))) return attributes;
    const shown = async (each: KubeObject | undefined) => (each ? await this.#converted(matched, each) : undefined);
    return { ...attributes, object: await shown(object), oldObject: await shown(oldObject) };
  }

  async #converted(kind: Kind, object: KubeObject): Promise<KubeObject> {
    const [converted] = (await this.#deps.convert?.(kind, [object])) ?? [];
    return converted ?? object;
  }

  /** Throws Forbidden when it cannot be told, unless the webhook may fail. */
  #meetsConditions({ webhook }: RegisteredWebhook, attributes: AdmissionAttributes, matched: Kind): boolean {
    const { matchConditions = [], failurePolicy, name } = webhook;
    if (matchConditions.length === 0) return true;
    const { kind } = attributes;
    try {
      return conditionsHold(matchConditions, expressionInput(attributes, matched));
    } catch (error) {
      if (failurePolicy !== "Ignore") throw forbidden(kind, attributes.name, error instanceof Error ? error.message : String(error));
      this.#deps.log.warn({ webhook: name, error }, "a webhook was passed over: whether its conditions hold cannot be told");
      return false;
    }
  }

  /** Undefined when the webhook failed and may. */
  async #ask(
    { webhook }: RegisteredWebhook,
    { attributes, matched, sort }: { attributes: AdmissionAttributes; matched: Kind; sort: WebhookSort },
  ): Promise<Verdict | undefined> {
    const { caller, random, log } = this.#deps;
    const version = reviewVersion(webhook);
    const uid = random.uuid();
    const { context } = attributes;
    let verdict: Verdict;
    try {
      const text = await caller.call(webhook, JSON.stringify(reviewOf(attributes, { version, uid, matched })));
      verdict = readAnswer(text, { version, uid, mutating: sort === "mutating" });
    } catch (error) {
      const why = `failed calling webhook ${JSON.stringify(webhook.name)}: failed to call webhook: ${error instanceof Error ? error.message : String(error)}`;
      if (webhook.failurePolicy !== "Ignore") throw internal(why, error);
      log.warn({ webhook: webhook.name, error }, "a webhook failed and was passed over, as its failurePolicy is Ignore");
      return undefined;
    }
    for (const warning of verdict.warnings) context.warn?.(warning);
    const notes = Object.entries(verdict.annotations).map(([key, value]) => [`${webhook.name}/${key}`, value]);
    noteAnnotations(log, attributes, Object.fromEntries(notes) as Record<string, string>);
    if (!verdict.allowed) throw new WebhookDenial(webhook.name, verdict.status);
    return verdict;
  }
}

interface Match {
  /** The kind in the version that the webhook's rules name. */
  matched: Kind;
  attributes: AdmissionAttributes;
}

function patch(webhook: string, object: KubeObject, operations: unknown): KubeObject {
  let patched: Json;
  try {
    patched = jsonPatch(object as unknown as Json, operations);
  } catch (error) {
    throw internal(
      `admission webhook ${JSON.stringify(webhook)}: its patch does not apply: ${error instanceof Error ? error.message : String(error)}`,
      error,
    );
  }
  const had = (object as Partial<KubeObject>).metadata !== undefined;
  if (!isJsonObject(patched) || (had && !isJsonObject(patched["metadata"])))
    throw internal(`admission webhook ${JSON.stringify(webhook)}: its patch leaves no object`);
  return patched as unknown as KubeObject;
}

function internal(why: string, cause?: unknown): StatusError {
  const error = new StatusError("InternalError", `Internal error occurred: ${why}`);
  error.cause = cause;
  return error;
}

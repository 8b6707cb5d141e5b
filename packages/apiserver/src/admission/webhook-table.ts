import {
  matchesRule,
  MutatingWebhooks,
  selectorMatcher,
  ValidatingWebhooks,
  type Kind,
  type LabelMatcher,
  type Webhook,
  type WebhookConfiguration,
} from "@ebb/kube";
import { resourceOf } from "../registry/selection.ts";
import type { Store } from "../store/store.ts";
import { matchedKind, type Matched } from "./match.ts";

export interface RegisteredWebhook {
  /** Among all webhooks of the cluster. */
  id: string;
  webhook: Webhook;
  namespaces: LabelMatcher;
  objects: LabelMatcher;
}
export type WebhookSort = "mutating" | "validating";

const SORTS = { mutating: MutatingWebhooks, validating: ValidatingWebhooks };

/** The webhooks of all configurations, in the order in which they are asked: by the configurations' names, then as they stand in one. */
export class WebhookTable {
  readonly #store: Store;
  readonly #kinds: () => readonly Kind[];
  readonly #unsubscribe: () => void;
  /** Read again only after a configuration has changed. */
  #all: Record<WebhookSort, readonly RegisteredWebhook[]> | undefined;

  constructor(store: Store, kinds: () => readonly Kind[]) {
    this.#store = store;
    this.#kinds = kinds;
    const resources = new Set(Object.values(SORTS).map(resourceOf));
    this.#unsubscribe = store.onCommit((events) => {
      if (events.some(({ key }) => resources.has(key.resource))) this.#all = undefined;
    });
  }

  close(): void {
    this.#unsubscribe();
  }

  get empty(): boolean {
    const { mutating, validating } = this.#registered;
    return mutating.length === 0 && validating.length === 0;
  }

  of(sort: WebhookSort): readonly RegisteredWebhook[] {
    return this.#registered[sort];
  }

  /** The kind, in the version that one of the webhook's rules names, or undefined if none is about the request. */
  match({ webhook }: RegisteredWebhook, request: Matched): Kind | undefined {
    const { rules = [], matchPolicy } = webhook;
    return matchedKind(request, { holds: (ruled) => rules.some((rule) => matchesRule(rule, ruled)), matchPolicy, kinds: this.#kinds });
  }

  get #registered() {
    return (this.#all ??= { mutating: this.#read("mutating"), validating: this.#read("validating") });
  }

  #read(sort: WebhookSort): RegisteredWebhook[] {
    const configurations = this.#store.list(resourceOf(SORTS[sort])).objects as readonly WebhookConfiguration[];
    return configurations.flatMap(({ metadata, webhooks = [] }) =>
      webhooks.map((webhook) => ({
        id: `${sort}/${metadata.name}/${webhook.name}`,
        webhook,
        namespaces: selectorMatcher(webhook.namespaceSelector),
        objects: selectorMatcher(webhook.objectSelector),
      })),
    );
  }
}

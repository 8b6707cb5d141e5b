import { isDeepStrictEqual } from "node:util";
import { ConfigMaps, createInformer, Namespaces, type ConfigMap, type Informer, type Namespace } from "@ebb/kube";
import type { Context } from "../context.ts";
import { Controller } from "../engine/controller.ts";

/** What a Pod's token volume takes the certificate of the API's authority from. */
const NAME = "kube-root-ca.crt";

/** Keeps the ConfigMap `kube-root-ca.crt` in every namespace, after kube-controller-manager's root-ca-certificate-publisher. */
export class RootCaPublisher {
  readonly controller: Controller;
  readonly namespaces: Informer<Namespace>;
  readonly #context: Context;
  readonly #authorities: () => string;

  /** `authorities` gives PEM; asked once the API server runs. */
  constructor(context: Context, authorities: () => string) {
    this.#context = context;
    this.#authorities = authorities;
    const { client, clock, log, configMaps } = context;
    this.namespaces = createInformer({ client, kind: Namespaces, clock, log });
    this.controller = new Controller({ name: "root ca", clock, log, reconcile: (namespace) => this.#reconcile(namespace) });
    this.namespaces.onChange(({ object }) => this.controller.add(object.metadata.name));
    configMaps.onChange(({ object }) => object.metadata.name === NAME && this.controller.add(object.metadata.namespace));
  }

  async #reconcile(namespace: string): Promise<void> {
    const { client, configMaps } = this.#context;
    const found = this.namespaces.get(undefined, namespace);
    if (!found || found.metadata.deletionTimestamp) return;
    const data = { "ca.crt": this.#authorities() };
    const current = configMaps.get(namespace, NAME);
    if (!current)
      await client.create<ConfigMap>(ConfigMaps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: NAME, namespace }, data });
    else if (!isDeepStrictEqual(current.data, data)) await client.update(ConfigMaps, { ...current, data });
  }
}

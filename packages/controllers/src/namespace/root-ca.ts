import { isDeepStrictEqual } from "node:util";
import { ConfigMaps, type ConfigMap } from "@ebb/kube";
import type { Context } from "../context.ts";
import { Controller } from "../engine/controller.ts";

/** What a Pod's token volume takes the certificate of the API's authority from. */
const NAME = "kube-root-ca.crt";

/** Keeps the ConfigMap `kube-root-ca.crt` in every namespace, after kube-controller-manager's root-ca-certificate-publisher. */
export class RootCaPublisher {
  readonly controller: Controller;
  readonly #context: Context;
  readonly #authorities: () => string;

  /** `authorities` gives PEM; asked once the API server runs. */
  constructor(context: Context, authorities: () => string) {
    this.#context = context;
    this.#authorities = authorities;
    const { clock, log, configMaps, namespaces } = context;
    this.controller = new Controller({ name: "root ca", clock, log, reconcile: (namespace) => this.#reconcile(namespace) });
    namespaces.onChange(({ object }) => this.controller.add(object.metadata.name));
    configMaps.onChange(({ object }) => object.metadata.name === NAME && this.controller.add(object.metadata.namespace));
  }

  async #reconcile(namespace: string): Promise<void> {
    const { client, configMaps, namespaces } = this.#context;
    const found = namespaces.get(undefined, namespace);
    if (!found || found.metadata.deletionTimestamp) return;
    const data = { "ca.crt": this.#authorities() };
    const current = configMaps.get(namespace, NAME);
    if (!current)
      await client.create<ConfigMap>(ConfigMaps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: NAME, namespace }, data });
    else if (!isDeepStrictEqual(current.data, data)) await client.update(ConfigMaps, { ...current, data });
  }
}

import { ConfigMaps, isStatus, SERVING_NAMESPACE, type ConfigMap } from "@ebb/kube";
import type { HostConfig } from "../compile/cluster-hosts.ts";
import { refuse } from "../errors.ts";
import type { HttpKubeClient } from "./http-kube-client.ts";
import type { HostSettings } from "./port.ts";

const NAMES = { domains: "config-domain", network: "config-network" } as const;

/** Which hosts a cluster's Knative gives, in its own ConfigMaps. */
export class KubeHostSettings implements HostSettings {
  readonly #client: HttpKubeClient;

  constructor(client: HttpKubeClient) {
    this.#client = client;
  }

  async read(): Promise<HostConfig> {
    const [domains, network] = await Promise.all([this.#read(NAMES.domains), this.#read(NAMES.network)]);
    return { domains: domains.data ?? {}, network: network.data ?? {} };
  }

  /** Template first: a domain that it does not know of would move Ebb's apps to hosts with their namespace in them. */
  async write({ domains, network }: HostConfig): Promise<void> {
    await this.#write(NAMES.network, network);
    await this.#write(NAMES.domains, domains);
  }

  async #write(name: string, data: Record<string, string>): Promise<void> {
    const present = await this.#read(name);
    await allowed(() => this.#client.change(ConfigMaps, present, { ...present, data }));
  }

  async #read(name: string): Promise<ConfigMap> {
    const found = await allowed(() => this.#client.get(ConfigMaps, SERVING_NAMESPACE, name));
    if (found) return found;
    throw refuse("cluster_unusable", `The cluster has no ConfigMap ${name} in ${SERVING_NAMESPACE}`, {
      hint: "Ebb knows where Knative Serving has its settings by its default installation only.",
    });
  }
}

async function allowed<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (!isStatus(cause, "Forbidden")) throw cause;
    throw refuse("cluster_unusable", `The cluster's credentials may not do that: ${cause.message}`, {
      hint: `Allow get and patch of ConfigMaps in ${SERVING_NAMESPACE}.`,
      cause,
    });
  }
}

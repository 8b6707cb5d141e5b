import { parseAutoscalerConfig, type AutoscalerConfig } from "@ebb/autoscaler";
import { causeChain, Signal, type Logger } from "@ebb/base";
import type { ConfigMap, Informer } from "@ebb/kube";
import { parseGcConfig, type GcConfig } from "./gc.ts";
import { parseDomainConfig, parseNetworkConfig, type DomainConfig, type NetworkConfig } from "./network.ts";

export const SYSTEM_NAMESPACE = "knative-serving";

const PARSERS = {
  autoscaler: parseAutoscalerConfig,
  network: parseNetworkConfig,
  domain: parseDomainConfig,
  gc: parseGcConfig,
} as const;

export type SettingName = keyof typeof PARSERS;

export interface Values {
  autoscaler: AutoscalerConfig;
  network: NetworkConfig;
  domain: DomainConfig;
  gc: GcConfig;
}

/**
 * Knative's ConfigMaps `config-*` in namespace knative-serving, live. A map that is not there means upstream's defaults; one that cannot
 * be read leaves what was in force (Kubernetes keeps the last good configuration too) and is reported through `invalid`.
 */
export class Settings {
  readonly changed = new Signal<SettingName>();
  readonly invalid = new Signal<{ map: ConfigMap; message: string }>();
  readonly #log: Logger;
  #values: Values = {
    autoscaler: parseAutoscalerConfig(),
    network: parseNetworkConfig(),
    domain: parseDomainConfig(),
    gc: parseGcConfig(),
  };

  constructor(configMaps: Informer<ConfigMap>, log: Logger) {
    this.#log = log;
    configMaps.onChange((event) => {
      const { object, type } = event;
      if (object.metadata.namespace !== SYSTEM_NAMESPACE || type === "resync") return;
      for (const name of Object.keys(PARSERS) as SettingName[]) {
        if (object.metadata.name === `config-${name}`) this.#read(name, object, type === "deleted" ? {} : object.data);
      }
    });
  }

  get current(): Readonly<Values> {
    return this.#values;
  }

  #read(name: SettingName, map: ConfigMap, data: Record<string, string> = {}): void {
    try {
      this.#values = { ...this.#values, [name]: PARSERS[name](data) };
    } catch (error) {
      const message = causeChain(error).join(": ");
      this.#log.warn({ configMap: map.metadata.name, message }, "a configuration cannot be read; the one before stays in force");
      return this.invalid.emit({ map, message });
    }
    this.changed.emit(name);
  }
}

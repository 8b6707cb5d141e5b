import { parseAutoscalerConfig, type AutoscalerConfig } from "@ebb/autoscaler";
import { causeChain, Signal, type Logger } from "@ebb/base";
import {
  parseDefaults,
  parseDeployment,
  parseFeatures,
  parseGcConfig,
  parseObservability,
  SERVING_NAMESPACE,
  type ConfigData,
  type ConfigMap,
  type DeploymentConfig,
  type Features,
  type GcConfig,
  type Informer,
  type ObservabilityConfig,
  type ServingDefaults,
} from "@ebb/kube";
import { parseDomainConfig, parseNetworkConfig, type DomainConfig, type NetworkConfig } from "./network.ts";

export interface Values {
  autoscaler: AutoscalerConfig;
  defaults: ServingDefaults;
  deployment: DeploymentConfig;
  domain: DomainConfig;
  features: Features;
  gc: GcConfig;
  network: NetworkConfig;
  observability: ObservabilityConfig;
}

export type SettingName = keyof Values;

const PARSERS: { readonly [Name in SettingName]: (data?: ConfigData) => Values[Name] } = {
  autoscaler: parseAutoscalerConfig,
  defaults: parseDefaults,
  deployment: parseDeployment,
  domain: parseDomainConfig,
  features: parseFeatures,
  gc: parseGcConfig,
  network: parseNetworkConfig,
  observability: parseObservability,
};
const NAMES = Object.keys(PARSERS) as SettingName[];

/** Reads the ConfigMap `name` of namespace knative-serving and forgets it: throws UserError if that fails, false if there is none such. */
export function checkServingConfig(name: string, data: ConfigData): boolean {
  const setting = NAMES.find((known) => name === `config-${known}`);
  if (setting) PARSERS[setting](data);
  return setting !== undefined;
}

/**
 * Knative's ConfigMaps `config-*` in namespace knative-serving, live. A map that is not there means upstream's defaults; one that cannot
 * be read leaves what was in force (Kubernetes keeps the last good configuration too) and is reported through `invalid`. At a start nothing was in force
 * yet: then the keys count that can be read, as an older Ebb may have admitted what this one would not, and hosts must not change for that.
 */
export class Settings {
  readonly changed = new Signal<SettingName>();
  readonly invalid = new Signal<{ map: ConfigMap; message: string }>();
  readonly #log: Logger;
  readonly #fallbacks: Partial<Record<SettingName, ConfigData>>;
  readonly #readOnce = new Set<SettingName>();
  #values: Values;

  /** `fallbacks` is the data that holds for the keys that a map does not have. */
  constructor(configMaps: Informer<ConfigMap>, log: Logger, fallbacks: Partial<Record<SettingName, ConfigData>> = {}) {
    this.#log = log;
    this.#fallbacks = fallbacks;
    this.#values = Object.fromEntries(NAMES.map((name) => [name, PARSERS[name](fallbacks[name])])) as unknown as Values;
    configMaps.onChange((event) => {
      const { object, type } = event;
      if (object.metadata.namespace !== SERVING_NAMESPACE || type === "resync") return;
      for (const name of NAMES) {
        if (object.metadata.name === `config-${name}`) this.#read(name, object, type === "deleted" ? {} : object.data);
      }
    });
  }

  get current(): Readonly<Values> {
    return this.#values;
  }

  #read(name: SettingName, map: ConfigMap, data: ConfigData = {}): void {
    const first = !this.#readOnce.has(name);
    this.#readOnce.add(name);
    const parse = (given: ConfigData) => PARSERS[name]({ ...this.#fallbacks[name], ...given });
    let value: Values[SettingName] | undefined;
    try {
      value = parse(data);
    } catch (error) {
      const message = causeChain(error).join(": ");
      const left = first ? "what can be read of it is in force" : "the one before stays in force";
      this.#log.warn({ configMap: map.metadata.name, message }, `a configuration cannot be read; ${left}`);
      this.invalid.emit({ map, message });
      value = first ? readable(parse, data) : undefined;
    }
    if (value === undefined) return;
    this.#values = { ...this.#values, [name]: value };
    this.changed.emit(name);
  }
}

/** What comes of all keys but the one that cannot be read or, if there are more such, of those that can be by themselves; undefined when they contradict each other. */
function readable<T>(parse: (data: ConfigData) => T, data: ConfigData): T | undefined {
  const tried = (given: ConfigData): T | undefined => {
    try {
      return parse(given);
    } catch {
      return undefined;
    }
  };
  const entries = Object.entries(data);
  const butOne = entries.map(([left]) => tried(Object.fromEntries(entries.filter(([key]) => key !== left))));
  const whole = butOne.find((value) => value !== undefined);
  return whole ?? tried(Object.fromEntries(entries.filter(([key, value]) => tried({ [key]: value }) !== undefined)));
}

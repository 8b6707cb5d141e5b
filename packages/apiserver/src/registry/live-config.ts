import {
  ConfigMaps,
  DEFAULT_ADMISSION_CONFIG,
  parseDefaults,
  parseFeatures,
  parseScaleLimits,
  SERVING_NAMESPACE,
  type AdmissionConfig,
  type ConfigData,
  type ConfigMap,
  type KubeObject,
} from "@ebb/kube";
import type { Store } from "../store/store.ts";
import { keyOf } from "./selection.ts";

const PARSERS = {
  defaults: ["config-defaults", parseDefaults],
  features: ["config-features", parseFeatures],
  scale: ["config-autoscaler", parseScaleLimits],
} as const;
type Part = keyof typeof PARSERS;

/**
 * What admission goes by, read from the store at each request and parsed only when a ConfigMap has changed. One that cannot be read, as
 * it could be before it was checked on write, counts as absent.
 */
export class LiveConfig {
  readonly #store: Store;
  readonly #read = new Map<Part, KubeObject | undefined>();
  #current: AdmissionConfig = DEFAULT_ADMISSION_CONFIG;

  constructor(store: Store) {
    this.#store = store;
  }

  get current(): AdmissionConfig {
    for (const part of Object.keys(PARSERS) as Part[]) this.#refresh(part);
    return this.#current;
  }

  #refresh(part: Part): void {
    const [name, parse] = PARSERS[part];
    const map = this.#store.get(keyOf(ConfigMaps, SERVING_NAMESPACE, name)) as ConfigMap | undefined;
    // Objects of the store are never changed: the same object is the same data.
    if (this.#read.get(part) === map) return;
    this.#read.set(part, map);
    this.#current = { ...this.#current, [part]: attempt(parse, map?.data) };
  }
}

function attempt(parse: (data?: ConfigData) => unknown, data: ConfigData | undefined): unknown {
  try {
    return parse(data);
  } catch {
    return parse();
  }
}

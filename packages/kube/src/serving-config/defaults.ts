import { UserError } from "@ebb/base";
import { parseNameTemplate, type NameTemplate } from "./name-template.ts";
import { readBool, readInteger, readQuantity, type ConfigData } from "./read-data.ts";

/** Names of resources that config-defaults may give a request and a limit. */
export const DEFAULT_RESOURCES = ["cpu", "memory", "ephemeral-storage"] as const;
type Amounts = Readonly<Record<string, string>>;

/** config-defaults; seconds as in the spec. */
export interface ServingDefaults {
  timeoutSeconds: number;
  maxTimeoutSeconds: number;
  /** 0 is none. */
  responseStartTimeoutSeconds: number;
  /** 0 is none. */
  idleTimeoutSeconds: number;
  containerName: NameTemplate;
  initContainerName: NameTemplate;
  containerConcurrency: number;
  maxContainerConcurrency: number;
  allowConcurrencyZero: boolean;
  /** Undefined is `default`: the field is left to Kubernetes. */
  enableServiceLinks: boolean | undefined;
  requests: Amounts;
  limits: Amounts;
}

const MAX_INT32 = 2 ** 31 - 1;

/** After knative/serving pkg/apis/config/defaults.go. Throws UserError `invalid_config` in its words. */
export function parseDefaults(data: ConfigData = {}): ServingDefaults {
  const timeoutSeconds = readInteger(data, "revision-timeout-seconds", 300);
  const defaults: ServingDefaults = {
    timeoutSeconds,
    maxTimeoutSeconds: readInteger(data, "max-revision-timeout-seconds", 600),
    responseStartTimeoutSeconds: readInteger(data, "revision-response-start-timeout-seconds", timeoutSeconds),
    idleTimeoutSeconds: readInteger(data, "revision-idle-timeout-seconds", 0),
    containerName: parseNameTemplate(data["container-name-template"] ?? "user-container"),
    initContainerName: parseNameTemplate(data["init-container-name-template"] ?? "init-container"),
    containerConcurrency: readInteger(data, "container-concurrency", 0),
    maxContainerConcurrency: readInteger(data, "container-concurrency-max-limit", 1000),
    allowConcurrencyZero: readBool(data, "allow-container-concurrency-zero", true),
    enableServiceLinks: readServiceLinks(data["enable-service-links"]),
    requests: readAmounts(data, "request"),
    limits: readAmounts(data, "limit"),
  };
  check(defaults);
  return defaults;
}

function readServiceLinks(text = "false"): boolean | undefined {
  const word = text.toLowerCase();
  return word === "true" ? true : word === "false" ? false : undefined;
}

function readAmounts(data: ConfigData, what: "request" | "limit"): Amounts {
  const read = DEFAULT_RESOURCES.map((name) => [name, readQuantity(data, `revision-${name}-${what}`)] as const);
  return Object.fromEntries(read.flatMap(([name, amount]) => (amount === undefined ? [] : [[name, amount]])));
}

function check(defaults: ServingDefaults): void {
  const { timeoutSeconds, maxTimeoutSeconds, responseStartTimeoutSeconds, idleTimeoutSeconds } = defaults;
  const { containerConcurrency, maxContainerConcurrency } = defaults;
  atMost(["revision-timeout-seconds", timeoutSeconds], ["max-revision-timeout-seconds", maxTimeoutSeconds]);
  atMost(["revision-response-start-timeout-seconds", responseStartTimeoutSeconds], ["revision-timeout-seconds", timeoutSeconds]);
  atMost(["revision-idle-timeout-seconds", idleTimeoutSeconds], ["revision-timeout-seconds", timeoutSeconds]);
  within(maxContainerConcurrency, [1, MAX_INT32], "container-concurrency-max-limit");
  within(containerConcurrency, [0, maxContainerConcurrency], "container-concurrency");
}

function atMost([key, value]: [string, number], [limitKey, limit]: [string, number]): void {
  if (value > limit) throw new UserError("invalid_config", `${key} (${value}) cannot be greater than ${limitKey} (${limit})`);
}

function within(value: number, [lower, upper]: readonly [number, number], key: string): void {
  if (value < lower || value > upper) throw new UserError("invalid_config", `expected ${lower} <= ${value} <= ${upper}: ${key}`);
}

import data from "./messages.json" with { type: "json" };
import omitted from "./omitted-zeros.json" with { type: "json" };

/** A field of a Kubernetes message: its protobuf number, its type (a scalar of protobuf or another message), and how it is repeated. */
export interface MessageField {
  number: number;
  type: string;
  repeated?: "list" | "map";
  /**
   * No pointer in Go, and `omitempty` in JSON: its zero value, which Go's protobuf always has, says that it was not set. That of any other field was
   * written on purpose. Found by reflection over the types of k8s.io/api, as the descriptors do not tell.
   */
  omitsZero?: true;
}
export type Message = ReadonlyMap<string, MessageField>;

/** Go embeds these: their fields stand in JSON beside those of the message that holds them. */
const EMBEDDED: ReadonlySet<string> = new Set([
  "localObjectReference",
  "ephemeralContainerCommon",
  "handler",
  "volumeSource",
  "persistentVolumeSource",
  "rule",
  "ruleWithOperations",
  "ingressRuleValue",
]);
/** Fields that are called otherwise in JSON; all others have the same name. */
const JSON_NAMES: Readonly<Record<string, string>> = {
  Webhooks: "webhooks",
  Name: "name",
  Expression: "expression",
  aPIGroup: "apiGroup",
  uID: "uid",
};
const OMITTED = omitted as Readonly<Record<string, string>>;
const RAW = data as unknown as Readonly<Record<string, Readonly<Record<string, [number, string, ("list" | "map")?]>>>>;
const known = new Map<string, Message>();

/** The fields of a message such as `core.v1.Pod`, of the Kubernetes version that is served; undefined if it is not among those kept. */
export function messageOf(name: string): Message | undefined {
  const found = known.get(name);
  if (found) return found;
  const raw = Object.hasOwn(RAW, name) ? RAW[name] : undefined;
  if (!raw) return undefined;
  const omits = new Set(OMITTED[name]?.split(" "));
  const fields = Object.entries(raw).map(([key, [number, type, repeated]]): [string, MessageField] => {
    const json = JSON_NAMES[key] ?? key;
    return [json, { number, type, ...(repeated ? { repeated } : {}), ...(omits.has(json) ? { omitsZero: true } : {}) }];
  });
  const message: Message = new Map(fields);
  known.set(name, message);
  return message;
}

/** Only messages are: a RuntimeClass's `handler` is a text. */
export function isEmbedded(field: string, type: string): boolean {
  return EMBEDDED.has(field) && messageOf(type) !== undefined;
}

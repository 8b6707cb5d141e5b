import { rfc3339 } from "@ebb/base";
import {
  badRequest,
  conflict,
  invalid,
  invalidValue,
  isJsonObject,
  Pods,
  Secrets,
  type JsonObject,
  type Pod,
  type ServiceAccount,
} from "@ebb/kube";
import { ISSUER, type AccountTokens, type Bound } from "../accounts/account-tokens.ts";
import type { Registry } from "../registry/registry.ts";
import type { Target } from "../registry/staged-write.ts";
import type { Answer, Exchange } from "./http-types.ts";
import { readObject } from "./read-body.ts";
import { notAllowed } from "./respond.ts";

const DEFAULT_SECONDS = 3600;
const LEAST_SECONDS = 600;
/** k8s.io/kubernetes pkg/apis/authentication/validation: 2^32. */
const MOST_SECONDS = 2 ** 32;
const TYPE = { group: "authentication.k8s.io", kind: "TokenRequest", plural: "tokenrequests" };

/** `POST serviceaccounts/NAME/token`, what `kubectl create token` sends. */
export async function serveAccountToken(
  { method, request }: Exchange,
  target: Target,
  { registry, accounts }: { registry: Registry; accounts: AccountTokens },
): Promise<Answer> {
  if (method !== "POST") throw notAllowed(method);
  const account = registry.get(target) as ServiceAccount;
  const body = (await readObject(request)) ?? {};
  if (!isJsonObject(body)) throw badRequest("the body of the request must be one TokenRequest");
  const given = isJsonObject(body["spec"]) ? body["spec"] : {};
  const seconds = secondsOf(given["expirationSeconds"] ?? DEFAULT_SECONDS);
  const asked = Array.isArray(given["audiences"])
    ? given["audiences"].filter((audience) => typeof audience === "string" && audience !== "")
    : [];
  const audiences = asked.length > 0 ? (asked as string[]) : [ISSUER];
  const reference = given["boundObjectRef"];
  const bound = isJsonObject(reference) ? boundOf(reference, account, registry) : undefined;
  const { token, expires } = await accounts.issue({ account, audiences, seconds, ...(bound ? { bound } : {}) });
  const { name, namespace } = account.metadata;
  return {
    status: 201,
    body: {
      kind: "TokenRequest",
      apiVersion: "authentication.k8s.io/v1",
      metadata: { name, namespace, creationTimestamp: rfc3339(expires - seconds * 1000) },
      spec: { audiences, expirationSeconds: seconds, boundObjectRef: bound ? { apiVersion: "v1", ...bound } : null },
      status: { token, expirationTimestamp: rfc3339(expires) },
    },
  };
}

function secondsOf(value: unknown): number {
  const refuse = (why: string) => invalid(TYPE, "", [invalidValue("spec.expirationSeconds", value, why)]);
  if (typeof value !== "number" || !Number.isInteger(value)) throw refuse("must be a whole number of seconds");
  if (value < LEAST_SECONDS) throw refuse("may not specify a duration less than 10 minutes");
  if (value > MOST_SECONDS) throw refuse("may not specify a duration larger than 2^32 seconds");
  return value;
}

/** The token ends with its object: a Pod that runs as this account, or a Secret. */
function boundOf(reference: JsonObject, { metadata }: ServiceAccount, registry: Registry): Bound {
  const { kind, name, uid, apiVersion = "v1" } = reference;
  if (typeof name !== "string" || apiVersion !== "v1" || (kind !== "Pod" && kind !== "Secret")) {
    throw badRequest(
      `cannot bind token to object ${JSON.stringify({ apiVersion, kind, name }).slice(0, 300)}: name a Pod or a Secret of v1`,
    );
  }
  const type = kind === "Pod" ? Pods : Secrets;
  const object = registry.get({ kind: type, namespace: metadata.namespace, name });
  const actual = object.metadata.uid ?? "";
  if (typeof uid === "string" && uid !== "" && uid !== actual) {
    const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict(type, name, why);
  }
  if (kind === "Pod" && ((object as Pod).spec.serviceAccountName ?? "default") !== metadata.name) {
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(metadata.name)} to pod running with different serviceaccount name.`,
    );
  }
  return { kind, name, uid: actual };
}

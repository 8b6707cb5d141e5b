import {
  badRequest,
  define,
  invalid,
  invalidValue,
  isJsonObject,
  requiredField,
  type FieldCause,
  type JsonObject,
  type Kind,
} from "@ebb/kube";
import type { Attributes, Authorize } from "../authz/attributes.ts";
import type { Grants } from "../authz/grants.ts";
import { MASTERS } from "../authz/authorizer.ts";
import type { AccountTokens } from "../accounts/account-tokens.ts";
import type { User } from "../registry/request-context.ts";
import { acceptedOf } from "./accept.ts";
import type { Answer, Exchange } from "./http-types.ts";
import { readObject } from "./read-body.ts";
import { notAllowed } from "./respond.ts";

export interface ReviewDeps {
  authorize: Authorize;
  grants: Grants;
  accounts: AccountTokens;
  /** The user of any bearer token that this API takes. */
  userOfToken: (token: string) => Promise<User | undefined>;
}
interface Review {
  exchange: Exchange;
  /** Of a LocalSubjectAccessReview. */
  namespace: string;
  spec: JsonObject;
  deps: ReviewDeps;
}
interface ReviewKind {
  group: "authentication.k8s.io" | "authorization.k8s.io";
  kind: string;
  plural: string;
  namespaced: boolean;
  answer(review: Review): Promise<unknown> | object;
}

/** Questions that the server answers at once and does not store. */
export const REVIEWS: readonly ReviewKind[] = [
  { group: "authentication.k8s.io", kind: "SelfSubjectReview", plural: "selfsubjectreviews", namespaced: false, answer: reviewSelf },
  { group: "authentication.k8s.io", kind: "TokenReview", plural: "tokenreviews", namespaced: false, answer: reviewToken },
  {
    group: "authorization.k8s.io",
    kind: "SelfSubjectAccessReview",
    plural: "selfsubjectaccessreviews",
    namespaced: false,
    answer: reviewOwnAccess,
  },
  {
    group: "authorization.k8s.io",
    kind: "SelfSubjectRulesReview",
    plural: "selfsubjectrulesreviews",
    namespaced: false,
    answer: reviewRules,
  },
  { group: "authorization.k8s.io", kind: "SubjectAccessReview", plural: "subjectaccessreviews", namespaced: false, answer: reviewAccess },
  {
    group: "authorization.k8s.io",
    kind: "LocalSubjectAccessReview",
    plural: "localsubjectaccessreviews",
    namespaced: true,
    answer: reviewAccess,
  },
];

/** The same as kinds that are not stored, for documents of the API. */
export const REVIEW_KINDS: readonly Kind[] = REVIEWS.map(({ group, kind, plural, namespaced }) =>
  define({ group, kind, plural, namespaced, version: "v1", builtIn: true }),
);

/** The answer to a review at these segments after `/apis`; undefined when it is none. */
export function reviewAt(exchange: Exchange, [group, version, ...rest]: readonly string[], deps: ReviewDeps): Promise<Answer> | undefined {
  if (version !== "v1") return undefined;
  const [plural, namespace = ""] = rest[0] === "namespaces" && rest.length === 3 ? [rest[2], rest[1]] : [rest[0], ""];
  const local = namespace !== "";
  const kind = REVIEWS.find((review) => review.group === group && review.plural === plural && review.namespaced === local);
  return kind && rest.length === (local ? 3 : 1) ? serve(kind, exchange, namespace, deps) : undefined;
}

async function serve(kind: ReviewKind, exchange: Exchange, namespace: string, deps: ReviewDeps): Promise<Answer> {
  if (exchange.method !== "POST") throw notAllowed(exchange.method);
  // What is not kept has no columns.
  acceptedOf(exchange.request.headers.accept, "table");
  const body = (await readObject(exchange.request)) ?? {};
  if (!isJsonObject(body)) throw badRequest("the body of the request must be one JSON object");
  const spec = isJsonObject(body["spec"]) ? body["spec"] : {};
  const status = await kind.answer({ exchange, namespace, spec, deps });
  const metadata = { creationTimestamp: null, ...(namespace === "" ? {} : { namespace }) };
  const own = kind.kind === "SelfSubjectReview" ? {} : { spec };
  return { status: 201, body: { kind: kind.kind, apiVersion: `${kind.group}/v1`, metadata, ...own, status } };
}

/** `kubectl auth whoami`. */
function reviewSelf({ exchange: { user } }: Review): object {
  return { userInfo: infoOf(user) };
}

function infoOf({ name, uid, groups, extra }: User): object {
  return { username: name, ...(uid ? { uid } : {}), groups, ...(extra && Object.keys(extra).length > 0 ? { extra } : {}) };
}

async function reviewToken({ spec, deps }: Review): Promise<object> {
  const { token } = spec;
  const audiences = textsOf(spec["audiences"]);
  if (typeof token !== "string" || token === "") throw refuse("TokenReview", [requiredField("spec.token")]);
  const reviewed = await deps.accounts.review(token, audiences.length > 0 ? audiences : undefined);
  if (reviewed) {
    const groups = [...reviewed.user.groups, "system:authenticated"];
    return {
      authenticated: true,
      user: infoOf({ ...reviewed.user, groups }),
      ...(audiences.length > 0 ? { audiences: reviewed.audiences } : {}),
    };
  }
  // Tokens of the configuration are for this API alone.
  const user = audiences.length === 0 ? await deps.userOfToken(token) : undefined;
  if (user) return { authenticated: true, user: infoOf(user) };
  return { authenticated: false, user: {}, error: "the token is not valid, or not for these audiences" };
}

/** `kubectl auth can-i`. */
function reviewOwnAccess({ exchange, spec, deps }: Review): object {
  return decide(attributesOf("SelfSubjectAccessReview", spec, exchange.user), deps);
}

function reviewAccess({ namespace, spec, deps }: Review): object {
  const kind = namespace === "" ? "SubjectAccessReview" : "LocalSubjectAccessReview";
  const name = typeof spec["user"] === "string" ? spec["user"] : "";
  const groups = textsOf(spec["groups"]);
  const causes: FieldCause[] = [];
  if (name === "" && groups.length === 0) causes.push(invalidValue("spec.user", name, "at least one of user or group must be specified"));
  const resource = spec["resourceAttributes"];
  if (namespace !== "" && isJsonObject(resource) && resource["namespace"] !== namespace)
    causes.push(invalidValue("spec.resourceAttributes.namespace", resource["namespace"] ?? "", "must match metadata.namespace"));
  if (causes.length > 0) throw refuse(kind, causes);
  return decide(attributesOf(kind, spec, { name, groups }), deps);
}

function decide(attributes: Attributes, { authorize }: ReviewDeps): object {
  const { allowed, reason } = authorize(attributes);
  return { allowed, ...(reason ? { reason } : {}) };
}

function attributesOf(kind: string, spec: JsonObject, user: User): Attributes {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  if (isJsonObject(resource) === isJsonObject(path)) {
    const why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    throw refuse(kind, [invalidValue("spec.resourceAttributes", resource ?? null, why)]);
  }
  const text = (from: unknown, key: string) => {
    const value = isJsonObject(from) ? from[key] : undefined;
    return typeof value === "string" ? value : "";
  };
  if (isJsonObject(path)) return { user, verb: text(path, "verb"), path: text(path, "path") };
  const subresource = text(resource, "subresource");
  return {
    user,
    verb: text(resource, "verb"),
    group: text(resource, "group"),
    resource: text(resource, "resource") + (subresource === "" ? "" : `/${subresource}`),
    namespace: text(resource, "namespace"),
    name: text(resource, "name"),
  };
}

/** `kubectl auth can-i --list`. */
function reviewRules({ exchange: { user }, spec, deps }: Review): object {
  const { namespace } = spec;
  if (typeof namespace !== "string" || namespace === "") throw badRequest("no namespace on request");
  const everything = [
    { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
    { verbs: ["*"], nonResourceURLs: ["*"] },
  ];
  const granted = [...deps.grants.of(user, namespace)].flatMap(({ rules }) => rules);
  const rules = user.groups.includes(MASTERS) ? [...everything, ...granted] : granted;
  return {
    resourceRules: rules.filter(({ resources = [] }) => resources.length > 0),
    nonResourceRules: rules.filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0),
    incomplete: false,
  };
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function refuse(kind: string, causes: readonly FieldCause[]): Error {
  const group = kind === "TokenReview" ? "authentication.k8s.io" : "authorization.k8s.io";
  return invalid({ group, kind, plural: `${kind.toLowerCase()}s` }, "", causes);
}

import { badRequest } from "@ebb/kube";
import type { User } from "../registry/request-context.ts";
import type { Authorize, ResourceAttributes } from "./attributes.ts";
import { denial } from "./denial.ts";
import { ANONYMOUS, AUTHENTICATED, serviceAccountOf, serviceAccountGroups, UNAUTHENTICATED } from "./users.ts";

const ANY = "impersonate-";
const EXTRA = "impersonate-extra-";
type Distinct = Readonly<Record<string, readonly string[] | undefined>>;

/** Of a node:http request. */
export interface ImpersonationHeaders {
  readonly headers: object;
  readonly headersDistinct: Distinct;
}

/**
 * The user that a request wants to be taken for (`kubectl --as`), if it does and its real user may `impersonate` that user and each of the
 * groups; else the real one. After k8s.io/apiserver filters.WithImpersonation. Throws BadRequest or Forbidden.
 */
export function impersonated(user: User, request: ImpersonationHeaders, authorize: Authorize): User {
  // Hardly any request does, and headers with all their values are made when they are asked for.
  if (!asks(request.headers)) return user;
  const headers = request.headersDistinct;
  const name = headers["impersonate-user"]?.[0] ?? "";
  const groups = headers["impersonate-group"] ?? [];
  const uid = headers["impersonate-uid"]?.[0];
  const extra = extraOf(headers);
  if (name === "") {
    if (groups.length === 0 && uid === undefined && extra.length === 0) return user;
    throw badRequest("requested groups, uid or extra to impersonate, but no user: send Impersonate-User");
  }
  const check = (resource: string, wanted: Partial<ResourceAttributes>) => {
    const attributes = { user, verb: "impersonate", group: "", resource, namespace: "", name: "", ...wanted };
    if (!authorize(attributes).allowed) throw denial(attributes);
  };
  const account = serviceAccountOf(name);
  if (account) check("serviceaccounts", account);
  else check("users", { name });
  for (const group of groups) check("groups", { name: group });
  if (uid !== undefined) check("uids", { group: "authentication.k8s.io", name: uid });
  for (const [key, values] of extra)
    for (const value of values) check(`userextras/${key}`, { group: "authentication.k8s.io", name: value });
  return {
    name,
    groups: groupsOf(name, groups, account?.namespace),
    ...(uid === undefined ? {} : { uid }),
    ...(extra.length > 0 ? { extra: Object.fromEntries(extra) } : {}),
  };
}

function asks(headers: object): boolean {
  for (const name in headers) if (name.startsWith(ANY)) return true;
  return false;
}

function extraOf(headers: Distinct): [string, readonly string[]][] {
  return Object.entries(headers).flatMap(([header, values = []]): [string, readonly string[]][] =>
    header.startsWith(EXTRA) ? [[unescape(header.slice(EXTRA.length)), values]] : [],
  );
}

function unescape(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    // Upstream takes a key that is no percent-encoding as it is.
    return key;
  }
}

function groupsOf(name: string, given: readonly string[], namespace: string | undefined): string[] {
  if (name === ANONYMOUS) return given.length > 0 ? [...given] : [UNAUTHENTICATED];
  const groups = given.length === 0 && namespace !== undefined ? serviceAccountGroups(namespace) : given;
  return [...new Set([...groups, AUTHENTICATED])];
}

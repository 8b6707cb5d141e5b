import { UserError } from "@ebb/base";
import { Pods, ServiceAccounts, type ServiceAccount } from "@ebb/kube";
import { keyOf } from "../registry/selection.ts";
import type { Store } from "../store/store.ts";
import { ISSUER, type AccountTokens } from "./account-tokens.ts";

/** The kubelet's: an hour and a bit, renewed when four fifths are over. */
const SECONDS = 3607;
const RENEW_AT = 0.8;
const LEAST_SECONDS = 600;
/** Until its Pod is recorded, which is after it has started, a token is bound to nothing and short. */
const UNBOUND_SECONDS = 120;
/** Its Pod is there within a second or two, and what starts beside many others boots undisturbed. */
const UNBOUND_RENEWAL = 5000;

export interface CredentialRequest {
  namespace: string;
  account: string;
  /** The Pod that records the program. */
  pod: string;
  /** The Pod says that it wants them, which overrules the account. */
  asked?: boolean;
}
export interface Credentials {
  /** As they are at /var/run/secrets/kubernetes.io/serviceaccount: `token`, `ca.crt`, `namespace`. */
  files: Record<string, string>;
  /** Milliseconds after which to ask again. */
  renewAfter: number;
}

export interface PodTokenRequest extends Omit<CredentialRequest, "asked"> {
  /** The API's own when absent. */
  audience?: string;
  /** How long it is to be good for; Kubernetes' least is ten minutes. */
  seconds: number;
}
export interface PodToken {
  token: string;
  /** Milliseconds after which to ask again. */
  renewAfter: number;
}

interface Issuer {
  tokens: AccountTokens;
  store: Store;
}

/** Throws UserError `ServiceAccountNotFound`. */
export async function issueCredentials(
  { namespace, account: name, pod, asked = false }: CredentialRequest,
  { tokens, store, authorities }: Issuer & { authorities: string },
): Promise<Credentials | undefined> {
  const account = accountOf(store, namespace, name);
  if (account.automountServiceAccountToken === false && !asked) return undefined;
  const { token, renewAfter } = await issueBound(account, { pod, audience: ISSUER, seconds: SECONDS }, { tokens, store });
  return { files: { token, "ca.crt": authorities, namespace }, renewAfter };
}

/** For a file of a projected volume. Throws UserError `ServiceAccountNotFound`. */
export async function issuePodToken(
  { namespace, account, pod, audience = ISSUER, seconds }: PodTokenRequest,
  issuer: Issuer,
): Promise<PodToken> {
  return issueBound(accountOf(issuer.store, namespace, account), { pod, audience, seconds: Math.max(LEAST_SECONDS, seconds) }, issuer);
}

async function issueBound(
  account: ServiceAccount,
  { pod, audience, seconds }: { pod: string; audience: string; seconds: number },
  { tokens, store }: Issuer,
): Promise<PodToken> {
  const uid = store.get(keyOf(Pods, account.metadata.namespace ?? "", pod))?.metadata.uid;
  const bound = uid === undefined ? {} : { bound: { kind: "Pod" as const, name: pod, uid } };
  const { token } = await tokens.issue({
    account,
    audiences: [audience],
    seconds: uid === undefined ? UNBOUND_SECONDS : seconds,
    ...bound,
  });
  return { token, renewAfter: uid === undefined ? UNBOUND_RENEWAL : seconds * 1000 * RENEW_AT };
}

function accountOf(store: Store, namespace: string, name: string): ServiceAccount {
  const account = store.get(keyOf(ServiceAccounts, namespace, name)) as ServiceAccount | undefined;
  if (account) return account;
  throw new UserError(
    "ServiceAccountNotFound",
    `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`,
    { hint: `Create it (kubectl create serviceaccount ${name} -n ${namespace}), or name another.` },
  );
}

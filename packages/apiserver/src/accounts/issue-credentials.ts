import { UserError } from "@ebb/base";
import { Pods, ServiceAccounts, type ServiceAccount } from "@ebb/kube";
import { keyOf } from "../registry/selection.ts";
import type { Store } from "../store/store.ts";
import { ISSUER, type AccountTokens } from "./account-tokens.ts";

/** The kubelet's: an hour and a bit, renewed when four fifths are over. */
const SECONDS = 3607;
const RENEW_AT = 0.8;
/** Until its Pod is recorded, which is after it has started, a token is bound to nothing and short. */
const UNBOUND_SECONDS = 120;
const UNBOUND_RENEWAL = 2000;

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

/** Throws UserError `ServiceAccountNotFound`. */
export async function issueCredentials(
  { namespace, account: name, pod, asked = false }: CredentialRequest,
  { tokens, store, authorities }: { tokens: AccountTokens; store: Store; authorities: string },
): Promise<Credentials | undefined> {
  const account = store.get(keyOf(ServiceAccounts, namespace, name)) as ServiceAccount | undefined;
  if (!account) {
    throw new UserError(
      "ServiceAccountNotFound",
      `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`,
      {
        hint: `Create it (kubectl create serviceaccount ${name} -n ${namespace}), or name another.`,
      },
    );
  }
  if (account.automountServiceAccountToken === false && !asked) return undefined;
  const uid = store.get(keyOf(Pods, namespace, pod))?.metadata.uid;
  const bound = uid === undefined ? {} : { bound: { kind: "Pod" as const, name: pod, uid } };
  const seconds = uid === undefined ? UNBOUND_SECONDS : SECONDS;
  const { token } = await tokens.issue({ account, audiences: [ISSUER], seconds, ...bound });
  const renewAfter = uid === undefined ? UNBOUND_RENEWAL : SECONDS * 1000 * RENEW_AT;
  return { files: { token, "ca.crt": authorities, namespace }, renewAfter };
}

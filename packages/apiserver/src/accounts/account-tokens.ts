import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { Clock, Random } from "@ebb/base";
import { Pods, Secrets, ServiceAccounts, type Kind, type KubeObject, type Secret, type ServiceAccount } from "@ebb/kube";
import { errors, exportJWK, jwtVerify, SignJWT, type JWK, type JWTPayload } from "jose";
import { serviceAccountGroups, serviceAccountUser } from "../authz/users.ts";
import type { User } from "../registry/request-context.ts";
import { keyOf } from "../registry/selection.ts";
import type { Store } from "../store/store.ts";

/** Who signs the tokens, and for whom they are when nobody says; Kubernetes' default. */
export const ISSUER = "https://kubernetes.default.svc.cluster.local";
const LEGACY_ISSUER = "kubernetes/serviceaccount";
const ALGORITHM = "RS256";
/** Verified signatures that are remembered; a token is checked against the store each time all the same. */
const MOST_KNOWN = 4096;

/** The object whose end is the token's. */
export interface Bound {
  kind: "Pod" | "Secret";
  name: string;
  uid: string;
}
export interface TokenRequest {
  account: ServiceAccount;
  audiences: readonly string[];
  seconds: number;
  bound?: Bound;
}
export interface TokenReview {
  user: User;
  /** Of those asked for, the ones that the token is for. */
  audiences: readonly string[];
}

interface Reference {
  name: string;
  uid: string;
}
interface Claims {
  namespace: string;
  serviceaccount: Reference;
  pod?: Reference;
  secret?: Reference;
}

/** Signs and checks tokens of ServiceAccounts: JSON Web Tokens with the claims of Kubernetes. */
export class AccountTokens {
  readonly #private: KeyObject;
  readonly #public: KeyObject;
  readonly #keyId: string;
  readonly #deps: { store: Store; clock: Clock; random: Random };
  readonly #verified = new Map<string, JWTPayload>();

  /** `key` in PEM. */
  constructor(key: string, deps: { store: Store; clock: Clock; random: Random }) {
    this.#private = createPrivateKey(key);
    this.#public = createPublicKey(this.#private);
    // k8s.io/kubernetes pkg/serviceaccount keyIDFromPublicKey.
    const der = this.#public.export({ type: "spki", format: "der" });
    this.#keyId = createHash("sha256").update(der).digest("base64url");
    this.#deps = deps;
  }

  /** A token that ends with its time, its account, or what it is bound to. */
  async issue({ account, audiences, seconds, bound }: TokenRequest): Promise<{ token: string; expires: number }> {
    const { clock, random } = this.#deps;
    const now = Math.floor(clock.now() / 1000);
    const { name, namespace = "", uid = "" } = account.metadata;
    const claims: Claims = {
      namespace,
      serviceaccount: { name, uid },
      ...(bound ? { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } } : {}),
    };
    const token = await new SignJWT({ "kubernetes.io": claims })
      .setProtectedHeader({ alg: ALGORITHM, kid: this.#keyId })
      .setIssuer(ISSUER)
      .setSubject(serviceAccountUser({ namespace, name }))
      .setAudience([...audiences])
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + seconds)
      .setJti(random.uuid())
      .sign(this.#private);
    return { token, expires: (now + seconds) * 1000 };
  }

  /** The content of a Secret of type `kubernetes.io/service-account-token`: it ends with the Secret alone. */
  issueLegacy({ metadata }: ServiceAccount, secret: string): Promise<string> {
    const { name, namespace = "", uid = "" } = metadata;
    return new SignJWT({
      "kubernetes.io/serviceaccount/namespace": namespace,
      "kubernetes.io/serviceaccount/secret.name": secret,
      "kubernetes.io/serviceaccount/service-account.name": name,
      "kubernetes.io/serviceaccount/service-account.uid": uid,
    })
      .setProtectedHeader({ alg: ALGORITHM, kid: this.#keyId })
      .setIssuer(LEGACY_ISSUER)
      .setSubject(serviceAccountUser({ namespace, name }))
      .sign(this.#private);
  }

  /** Undefined for what is no token of this cluster, is over, is for others, or has lost its account or what it was bound to. */
  async review(token: string, audiences: readonly string[] = [ISSUER]): Promise<TokenReview | undefined> {
    const payload = await this.#verify(token);
    if (!payload) return undefined;
    if (payload.iss === LEGACY_ISSUER) return this.#reviewLegacy(token, payload, audiences);
    const shared = audiences.filter((audience) => [payload.aud].flat().includes(audience));
    const claims = payload["kubernetes.io"] as Claims | undefined;
    if (shared.length === 0 || !claims) return undefined;
    const { namespace, serviceaccount, pod, secret } = claims;
    const alive =
      this.#find(ServiceAccounts, namespace, serviceaccount) &&
      (!pod || this.#find(Pods, namespace, pod)) &&
      (!secret || this.#find(Secrets, namespace, secret));
    if (!alive) return undefined;
    const extra = {
      ...(payload.jti ? { "authentication.kubernetes.io/credential-id": [`JTI=${payload.jti}`] } : {}),
      ...(pod ? { "authentication.kubernetes.io/pod-name": [pod.name], "authentication.kubernetes.io/pod-uid": [pod.uid] } : {}),
    };
    return { user: { ...userOf(namespace, serviceaccount), extra }, audiences: shared };
  }

  /** `/openid/v1/jwks`: with it anybody can check a token. */
  async keySet(): Promise<{ keys: JWK[] }> {
    return { keys: [{ ...(await exportJWK(this.#public)), use: "sig", kid: this.#keyId, alg: ALGORITHM }] };
  }

  #reviewLegacy(token: string, payload: JWTPayload, audiences: readonly string[]): TokenReview | undefined {
    const claim = (name: string) => {
      const value = payload[`kubernetes.io/serviceaccount/${name}`];
      return typeof value === "string" ? value : "";
    };
    const namespace = claim("namespace");
    const account = { name: claim("service-account.name"), uid: claim("service-account.uid") };
    const secret = this.#deps.store.get(keyOf(Secrets, namespace, claim("secret.name"))) as Secret | undefined;
    const current = Buffer.from(secret?.data?.["token"] ?? "", "base64").toString() === token;
    if (!current || !this.#find(ServiceAccounts, namespace, account) || !audiences.includes(ISSUER)) return undefined;
    return { user: userOf(namespace, account), audiences: [ISSUER] };
  }

  async #verify(token: string): Promise<JWTPayload | undefined> {
    const now = this.#deps.clock.now();
    const known = this.#verified.get(token);
    if (known) return known.exp === undefined || known.exp * 1000 > now ? known : undefined;
    try {
      const options = { issuer: [ISSUER, LEGACY_ISSUER], algorithms: [ALGORITHM], currentDate: new Date(now) };
      const { payload } = await jwtVerify(token, this.#public, options);
      if (this.#verified.size >= MOST_KNOWN) this.#verified.clear();
      this.#verified.set(token, payload);
      return payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  #find(kind: Kind, namespace: string, { name, uid }: Reference): KubeObject | undefined {
    const found = this.#deps.store.get(keyOf(kind, namespace, name));
    return found?.metadata.uid === uid ? found : undefined;
  }
}

function userOf(namespace: string, { name, uid }: Reference): User {
  return { name: serviceAccountUser({ namespace, name }), uid, groups: serviceAccountGroups(namespace) };
}

/** `/.well-known/openid-configuration`. */
export function openIdConfiguration(base: string): unknown {
  return {
    issuer: ISSUER,
    jwks_uri: `${base}/openid/v1/jwks`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: [ALGORITHM],
  };
}

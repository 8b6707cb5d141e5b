import type { KubeObject } from "../meta.ts";

export const CERTIFICATES_GROUP = "certificates.k8s.io";
/** For clients of the API: the one signer that the cluster has. */
export const CLIENT_SIGNER = "kubernetes.io/kube-apiserver-client";

export interface SigningCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastUpdateTime?: string;
  lastTransitionTime?: string;
}

/** certificates.k8s.io/v1: somebody's wish for a certificate, and what became of it. */
export interface SigningRequest extends KubeObject {
  spec: {
    /** PEM of a PKCS #10 request, in base64. */
    request: string;
    signerName: string;
    usages: string[];
    expirationSeconds?: number;
    /** Who asked, as the server knows them. */
    username?: string;
    uid?: string;
    groups?: string[];
    extra?: Record<string, string[]>;
  };
  status?: {
    conditions?: SigningCondition[];
    /** PEM, in base64. */
    certificate?: string;
  };
}

export function hasSigningCondition({ status }: SigningRequest, type: "Approved" | "Denied" | "Failed"): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === type);
}

import type { Secret } from "@ebb/kube";

/** What a Secret of type `kubernetes.io/tls` has, in PEM; what it has not is empty. */
export function pairIn(secret: Secret): [certificate: string, key: string] {
  const read = (name: string) => Buffer.from(secret.data?.[name] ?? "", "base64").toString();
  return [read("tls.crt"), read("tls.key")];
}

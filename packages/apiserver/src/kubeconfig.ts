import { stringify } from "yaml";
import type { KeyPair } from "./pki/authority.ts";

export interface KubeconfigOptions {
  token: string;
  /** Of the cluster, the user and the context. */
  name?: string;
  /** The context's namespace. */
  namespace?: string;
}
interface Place {
  server: string;
  /** PEM. */
  authorities: string;
  /** Of an administrator. */
  client: KeyPair;
}

/**
 * A kubeconfig (YAML) that trusts the cluster's own authority and nothing else. Its context in force uses the token; a second one,
 * `NAME-certificate`, a client certificate. It holds secrets: write it for its owner alone.
 */
export function renderKubeconfig({ server, authorities, client }: Place, options: KubeconfigOptions): string {
  const { token, name = "ebb", namespace = "default" } = options;
  const certified = `${name}-certificate`;
  const certificate = { "client-certificate-data": base64(client.certificate), "client-key-data": base64(client.key) };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server, "certificate-authority-data": base64(authorities) } }],
    users: [
      { name, user: { token } },
      { name: certified, user: certificate },
    ],
    contexts: [
      { name, context: { cluster: name, user: name, namespace } },
      { name: certified, context: { cluster: name, user: certified, namespace } },
    ],
    "current-context": name,
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

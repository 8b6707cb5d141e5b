import { stringify } from "yaml";

export interface KubeconfigOptions {
  token: string;
  /** Of the cluster, the user and the context. */
  name?: string;
  /** The context's namespace. */
  namespace?: string;
}

/** A kubeconfig (YAML) that trusts the server's own certificate and nothing else. It holds the token: write it for its owner alone. */
export function renderKubeconfig(
  server: string,
  certificate: string,
  { token, name = "ebb", namespace = "default" }: KubeconfigOptions,
): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server, "certificate-authority-data": Buffer.from(certificate).toString("base64") } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
    "current-context": name,
  });
}

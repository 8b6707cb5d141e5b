import { stringify } from "yaml";

export interface KubeconfigOptions {
  token: string;
  /** Of the cluster, the user and the context. */
  name?: string;
  /** The context's namespace. */
  namespace?: string;
}

/** A kubeconfig (YAML) for a server on plain HTTP, which is enough on loopback. It holds the token: write it for its owner alone. */
export function renderKubeconfig(server: string, { token, name = "ebb", namespace = "default" }: KubeconfigOptions): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
    "current-context": name,
  });
}

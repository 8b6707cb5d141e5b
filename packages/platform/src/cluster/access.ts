import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { TransientError, UserError } from "@ebb/base";
import { Agent, type Dispatcher } from "undici";
import type { ClientOptions } from "ws";
import { parse } from "yaml";
import type { Credentials } from "./credentials.ts";

/** How a cluster's API is reached, and what proves to it who asks. */
export interface ClusterAccess {
  /** Without a slash at its end. */
  readonly server: string;
  /** For the next request; the dispatcher is kept by whoever asked, as each one has connections of its own. */
  authorize(): Promise<{ headers: Record<string, string>; dispatcher?: Dispatcher | undefined }>;
  /** For a WebSocket. */
  socketOptions(): Promise<ClientOptions>;
}

/** The fields of a kubeconfig (clientcmd/api/v1) that need nothing but themselves and files. */
const PLAIN_CLUSTER: ReadonlySet<string> = new Set([
  "server",
  "certificate-authority",
  "certificate-authority-data",
  "insecure-skip-tls-verify",
  "tls-server-name",
]);
const PLAIN_USER: ReadonlySet<string> = new Set([
  "token",
  "tokenFile",
  "client-certificate",
  "client-certificate-data",
  "client-key",
  "client-key-data",
]);

/** Milliseconds without a word until TCP asks whether the peer is there. */
const KEEP_ALIVE = 30_000;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The current context of a kubeconfig. One with an address, a CA and a token or certificate is read here, as the embedded cluster's is; for all
 * else (exec plugins, proxies, OIDC) the official client is loaded, which takes a second and 80 MB. Throws UserError
 * `kubeconfig_invalid`.
 */
export function openKubeconfig(path: string): ClusterAccess {
  try {
    const { cluster, user } = currentContext(parse(readFileSync(path, "utf8")));
    const plain = Object.keys(cluster).every((key) => PLAIN_CLUSTER.has(key)) && Object.keys(user).every((key) => PLAIN_USER.has(key));
    return plain ? plainAccess(dirname(path), cluster, user) : libraryAccess(serverOf(cluster), path);
  } catch (cause) {
    throw invalid(path, cause);
  }
}

/** With what somebody gave for it. */
export function accessWith({ server, ca, tlsServerName, token, certificate, key }: Credentials): ClusterAccess {
  const cluster = { server, "certificate-authority-data": ca, "tls-server-name": tlsServerName };
  return plainAccess("", cluster, { token, "client-certificate-data": certificate, "client-key-data": key });
}

/** Of one that there is nothing to reach by, and why: every request fails with that. */
export function noAccess(why: string): ClusterAccess {
  const refuse = () => Promise.reject(new TransientError("cluster_unavailable", why));
  return { server: "http://unknown.invalid", authorize: refuse, socketOptions: refuse };
}

function serverOf(cluster: Fields): string {
  return String(cluster["server"]).replace(/\/$/, "");
}

function currentContext(config: unknown): { cluster: Fields; user: Fields } {
  const name = fieldsOf(config)["current-context"];
  const context = fieldsOf(named(config, "contexts", name)["context"]);
  const cluster = fieldsOf(named(config, "clusters", context["cluster"])["cluster"]);
  if (typeof cluster["server"] !== "string" || !URL.canParse(cluster["server"])) throw new Error("its cluster has no server address");
  return { cluster, user: fieldsOf(named(config, "users", context["user"])["user"] ?? {}) };
}

function named(config: unknown, list: string, name: unknown): Fields {
  const entries = fieldsOf(config)[list];
  const found = Array.isArray(entries) ? entries.map(fieldsOf).find((entry) => entry["name"] === name) : undefined;
  if (!found) throw new Error(`it has no ${JSON.stringify(name ?? "")} among its ${list}`);
  return found;
}

function fieldsOf(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("it is not a kubeconfig");
  return value as Fields;
}

function plainAccess(folder: string, cluster: Fields, user: Fields): ClusterAccess {
  /** Data comes before a file of the same, whose path is relative to the kubeconfig's. */
  const pem = (fields: Fields, key: string) => {
    const data = fields[`${key}-data`];
    if (typeof data === "string" && data !== "") return Buffer.from(data, "base64").toString();
    const file = fields[key];
    return typeof file === "string" && file !== "" ? readFileSync(resolve(folder, file), "utf8") : undefined;
  };
  const ca = pem(cluster, "certificate-authority");
  const cert = pem(user, "client-certificate");
  const key = pem(user, "client-key");
  const tls = {
    ...(ca ? { ca } : {}),
    ...(cert && key ? { cert, key } : {}),
    ...(typeof cluster["tls-server-name"] === "string" ? { servername: cluster["tls-server-name"] } : {}),
    rejectUnauthorized: cluster["insecure-skip-tls-verify"] !== true,
  };
  const { token, tokenFile } = user;
  const headers = async (): Promise<Record<string, string>> => {
    // Read again and again: tokens of ServiceAccounts are renewed in their file, which comes before a token that is written out.
    const current = typeof tokenFile === "string" ? (await readFile(resolve(folder, tokenFile), "utf8")).trim() : token;
    return typeof current === "string" && current !== "" ? { authorization: `Bearer ${current}` } : {};
  };
  // As the official client does: a peer that is gone is noticed by TCP, or by five minutes without one of the bookmarks of a watch.
  const dispatcher = new Agent({ connect: { ...tls, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE } });
  return {
    server: serverOf(cluster),
    authorize: async () => ({ headers: await headers(), dispatcher }),
    socketOptions: async () => ({ ...tls, headers: await headers() }),
  };
}

function libraryAccess(server: string, path: string): ClusterAccess {
  let opening: Promise<KubeConfig> | undefined;
  const open = async () => {
    const { KubeConfig } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    try {
      config.loadFromFile(path);
    } catch (cause) {
      throw invalid(path, cause);
    }
    return config;
  };
  return {
    server,
    async authorize() {
      const { HttpMethod, RequestContext } = await import("@kubernetes/client-node");
      const context = new RequestContext(server, HttpMethod.GET);
      await (await (opening ??= open())).applySecurityAuthentication(context);
      return { headers: context.getHeaders(), dispatcher: context.getDispatcher() };
    },
    async socketOptions() {
      const options: ClientOptions = {};
      await (await (opening ??= open())).applyToHTTPSOptions(options);
      return options;
    },
  };
}

function invalid(path: string, cause: unknown): UserError {
  return new UserError("kubeconfig_invalid", `The kubeconfig ${path} cannot be used`, {
    cause,
    hint: "Check that the file exists, can be read, and has a current context.",
  });
}

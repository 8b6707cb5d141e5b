import { parse } from "yaml";
import { refuse } from "../errors.ts";

/** How a cluster is reached. Certificates and keys are base64 of PEM, as in a kubeconfig. */
export interface Credentials {
  server: string;
  /** Absent: a certificate that this machine trusts anyway. */
  ca?: string;
  /** The name that the server's certificate is for, where that is not in its address. */
  tlsServerName?: string;
  token?: string;
  certificate?: string;
  key?: string;
}

type Entry = Record<string, unknown>;

const FLATTEN = "Make one that holds all itself: kubectl config view --minify --flatten --raw.";
/** What would run a program, or read a file, of the machine that the platform is on. */
const FOREIGN = [
  "exec",
  "auth-provider",
  "tokenFile",
  "token-file",
  "client-certificate",
  "client-key",
  "certificate-authority",
  "proxy-url",
  "username",
  "password",
];
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * The current context of a kubeconfig that somebody sent, and no more of it than an address and what is sent to it: nothing in it may run a
 * program here or read a file. Throws `invalid_request`.
 */
export function credentialsOf(kubeconfig: string): Credentials {
  const config = read(kubeconfig);
  const context = entry(config, "contexts", "context", text(config["current-context"]));
  const cluster = entry(config, "clusters", "cluster", text(context["cluster"]));
  const user = entry(config, "users", "user", text(context["user"]));
  const foreign = FOREIGN.find((key) => key in cluster || key in user);
  if (foreign !== undefined)
    throw refuse("invalid_request", `The kubeconfig has ${foreign}, which is not taken from others`, { hint: FLATTEN });
  if (cluster["insecure-skip-tls-verify"] === true) {
    throw refuse("invalid_request", "The kubeconfig does not want to know whom it talks to (insecure-skip-tls-verify)", {
      hint: "Give the cluster's certificate-authority-data instead.",
    });
  }
  return checked({
    server: text(cluster["server"]) ?? "",
    ...given("ca", cluster["certificate-authority-data"]),
    ...given("tlsServerName", cluster["tls-server-name"]),
    ...given("token", user["token"]),
    ...given("certificate", user["client-certificate-data"]),
    ...given("key", user["client-key-data"]),
  });
}

/** Throws `invalid_request` for an address or credentials that nothing can be asked with safely. */
export function checked(credentials: Credentials): Credentials {
  const { server, token, certificate, key } = credentials;
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (!url || !["https:", "http:"].includes(url.protocol) || url.username !== "" || url.search !== "" || url.hash !== "") {
    throw refuse("invalid_request", `${JSON.stringify(server)} is not the address of an API server`, {
      hint: "Like https://10.0.0.5:6443.",
    });
  }
  if (url.protocol === "http:" && !LOOPBACK.has(url.hostname)) {
    throw refuse("invalid_request", "Without TLS everybody on the way could read the cluster's credentials", { hint: "Use https." });
  }
  if (token === undefined && (certificate === undefined || key === undefined)) {
    throw refuse("invalid_request", "There is neither a token nor a client certificate with its key", { hint: FLATTEN });
  }
  return credentials;
}

function read(kubeconfig: string): Entry {
  try {
    const config: unknown = parse(kubeconfig, { maxAliasCount: 0 });
    if (isEntry(config)) return config;
  } catch (cause) {
    throw refuse("invalid_request", "The kubeconfig is not YAML", { cause });
  }
  throw refuse("invalid_request", "That is no kubeconfig", { hint: FLATTEN });
}

function entry(config: Entry, list: string, of: string, name: string | undefined): Entry {
  const items = Array.isArray(config[list]) ? config[list].filter(isEntry) : [];
  const found = items.find((item) => item["name"] === name)?.[of];
  if (name !== undefined && isEntry(found)) return found;
  throw refuse("invalid_request", `The kubeconfig's current context has no ${of}`, { hint: FLATTEN });
}

function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function given(key: keyof Credentials, value: unknown): Partial<Credentials> {
  const found = text(value);
  return found === undefined ? {} : { [key]: found };
}

import { isIPv4 } from "node:net";
import { availableParallelism, homedir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { UserError } from "@ebb/base";

/** Everything that the processes of one Ebb need to find each other; parsed once, by the supervisor, and read by its children from the data folder. */
export interface ServerConfig {
  /** All state is in here. */
  readonly dataDir: string;
  /** Bound to loopback unless told otherwise. */
  readonly host: string;
  /** Applications are reached here. */
  readonly gatewayPort: number;
  /** Applications are reached here by TLS, too; undefined: not at all. */
  readonly tlsPort: number | undefined;
  /** PEM files for whatever host has no certificate of its own; a self-signed one is made when there are none. */
  readonly tlsFiles: { readonly certificate: string; readonly key: string } | undefined;
  /** Threads of the gateway that share its ports. */
  readonly gatewayWorkers: number;
  /** The share of requests in the access log, 0 to 1; undefined: there is none. */
  readonly accessLog: number | undefined;
  /** The share of traces begun by the gateway that is sampled, 0 to 1. */
  readonly traceSampling: number;
  /** Console and REST API. */
  readonly platformPort: number;
  /** Kubernetes API. */
  readonly apiPort: number;
  /** Cluster-local names of applications, for instances of the process driver. */
  readonly internalPort: number;
  /** A link-local address of this machine at which containers find DNS (53) and the API (443); needs root. */
  readonly clusterAddress: string | undefined;
  /** The cluster's part of every URL: `{name}.sls-{cluster}.{base}`. */
  readonly clusterName: string;
  readonly baseDomain: string;
  /** Whether containers are offered when an engine is found. */
  readonly containers: boolean;
  /** Made ahead for instances of the process driver; 0: none. */
  readonly waitingProcesses: number;
  /** Made ahead for containers, where the engine allows it; 0: none. */
  readonly readyNetworks: number;
  /** Seconds a new version has to become ready: written to ConfigMap config-deployment when it is given. */
  readonly progressDeadlineSeconds: number | undefined;
}

/** What one more platform beside an Ebb is started with. */
export interface PlatformConfig extends ServerConfig {
  readonly kubeconfig: string;
  /** Where the cluster's gateway is. */
  readonly ingress: { readonly host: string; readonly port: number };
}

/** Each has the whole table in memory. */
const MOST_WORKERS = 32;

/** What wakes at about the same time; each holds some 100 KiB. */
const DEFAULT_WAITING = 4;
/** A container that does nothing each, with its monitor: some 2 MiB. */
const DEFAULT_NETWORKS = 4;
/** Their making takes this machine a few milliseconds to a tenth of a second each. */
const MOST_AHEAD = 64;

/** Where applications are at their own address, by TLS too, and in cleartext at the cluster's. */
export const CLUSTER_HTTP_PORT = 80;
export const CLUSTER_TLS_PORT = 443;

/** Where containers find applications: beside the cluster's address, whose port 443 is the API's. */
export function applicationAddress(clusterAddress: string): string {
  const [last = 0, ...others] = clusterAddress.split(".").map(Number).toReversed();
  return [...others.toReversed(), last < 254 ? last + 1 : last - 1].join(".");
}

export const DEFAULT_PORTS = { gateway: 8080, platform: 8090, api: 8091, internal: 8092 } as const;

/** $EBB_DATA, else a folder that unprivileged instances can pass through when we are root, else the user's own. */
export function defaultDataDir(env: NodeJS.ProcessEnv, uid: number | undefined): string {
  if (env["EBB_DATA"]) return resolve(env["EBB_DATA"]);
  if (uid === 0) return "/var/lib/ebb";
  return join(env["XDG_DATA_HOME"] ?? join(homedir(), ".local/share"), "ebb");
}

/** Throws UserError `bad_option` naming the option. */
export function parseConfig(argv: readonly string[], env: NodeJS.ProcessEnv): ServerConfig {
  const { values } = parse(argv);
  return Object.freeze({
    dataDir: resolve(values.data ?? defaultDataDir(env, process.getuid?.())),
    host: values.host ?? "127.0.0.1",
    gatewayPort: parsePort("gateway-port", values["gateway-port"], DEFAULT_PORTS.gateway),
    tlsPort: values["tls-port"] === undefined ? undefined : parsePort("tls-port", values["tls-port"], 0),
    tlsFiles: tlsFiles(values["tls-certificate"], values["tls-key"]),
    gatewayWorkers: workers(values["gateway-workers"] ?? env["EBB_GATEWAY_WORKERS"]),
    accessLog: accessLog(values["access-log"]),
    traceSampling: share("trace-sampling", values["trace-sampling"], 1),
    platformPort: parsePort("platform-port", values["platform-port"], DEFAULT_PORTS.platform),
    apiPort: parsePort("api-port", values["api-port"], DEFAULT_PORTS.api),
    internalPort: parsePort("internal-port", values["internal-port"], DEFAULT_PORTS.internal),
    clusterAddress: clusterAddress(values["cluster-address"]),
    clusterName: values["cluster-name"] ?? "local",
    baseDomain: values["base-domain"] ?? "localhost",
    containers: values["no-containers"] !== true,
    waitingProcesses: ahead("waiting-processes", values["waiting-processes"] ?? env["EBB_WAITING_PROCESSES"], DEFAULT_WAITING),
    readyNetworks: ahead("ready-networks", values["ready-networks"] ?? env["EBB_READY_NETWORKS"], DEFAULT_NETWORKS),
    progressDeadlineSeconds:
      values["progress-deadline"] === undefined ? undefined : parsePort("progress-deadline", values["progress-deadline"], 1),
  });
}

/** All that a running gateway was started with, to be compared. */
export function gatewaySettings(config: ServerConfig): string {
  const { host, gatewayPort, tlsPort, tlsFiles, internalPort, gatewayWorkers, accessLog, traceSampling } = config;
  return JSON.stringify([host, gatewayPort, tlsPort, tlsFiles, internalPort, gatewayWorkers, accessLog, traceSampling]);
}

function parse(argv: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: false,
      options: {
        data: text,
        host: text,
        "gateway-port": text,
        "tls-port": text,
        "gateway-workers": text,
        "access-log": text,
        "trace-sampling": text,
        "tls-certificate": text,
        "tls-key": text,
        "platform-port": text,
        "api-port": text,
        "internal-port": text,
        "cluster-address": text,
        "cluster-name": text,
        "base-domain": text,
        "waiting-processes": text,
        "ready-networks": text,
        "progress-deadline": text,
        "no-containers": { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UserError("bad_option", error instanceof Error ? error.message : "unreadable options", { cause: error });
  }
}

function tlsFiles(certificate: string | undefined, key: string | undefined): ServerConfig["tlsFiles"] {
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    throw new UserError("bad_option", "--tls-certificate and --tls-key belong together: each names a PEM file");
  }
  return { certificate: resolve(certificate), key: resolve(key) };
}

function clusterAddress(text = "169.254.20.10"): string | undefined {
  if (text === "none") return undefined;
  if (isIPv4(text)) return text;
  throw new UserError(
    "bad_option",
    `--cluster-address ${text}: expected an IPv4 address of no other machine, such as 169.254.20.10, or none`,
  );
}

/** Half of the cores, as applications need the others; one thread alone serves without the cost of sharing. */
function workers(text: string | undefined): number {
  if (text === undefined) return Math.max(1, Math.min(MOST_WORKERS, Math.floor(availableParallelism() / 2)));
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= MOST_WORKERS) return value;
  throw new UserError(
    "bad_option",
    `--gateway-workers (or EBB_GATEWAY_WORKERS) ${text}: expected a whole number from 1 to ${MOST_WORKERS}`,
  );
}

/** How many are made ahead of what will need them. */
function ahead(option: string, text: string | undefined, byDefault: number): number {
  if (text === undefined) return byDefault;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= MOST_AHEAD) return value;
  const variable = `EBB_${option.toUpperCase().replaceAll("-", "_")}`;
  throw new UserError("bad_option", `--${option} (or ${variable}) ${text}: expected a whole number from 0 to ${MOST_AHEAD}`);
}

function accessLog(text = "off"): number | undefined {
  if (text === "on") return 1;
  return text === "off" ? undefined : share("access-log", text, 1, "`on`, `off` or ");
}

function share(name: string, text: string | undefined, fallback: number, otherwise = ""): number {
  if (text === undefined) return fallback;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= 0 && value <= 1)) throw new UserError("bad_option", `--${name} ${text}: expected ${otherwise}a number from 0 to 1`);
  return value;
}

/** Throws UserError `bad_option`. */
export function parsePort(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535) {
    throw new UserError("bad_option", `--${name} ${text}: expected a whole number from 1 to 65535`);
  }
  return value;
}

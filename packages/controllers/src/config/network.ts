import { UserError } from "@ebb/base";
import { formatLabelSelector, parseLabelSelector, readBool, readInteger, type LabelMatcher } from "@ebb/kube";
import { parse } from "yaml";
import { parseTemplate, type TemplateValues } from "./template.ts";

type Data = Readonly<Record<string, string>>;

/** config-network, the parts about hosts and how they are served. */
export interface NetworkConfig {
  domainTemplate(values: TemplateValues): string;
  tagTemplate(values: TemplateValues): string;
  /** `http-protocol: Redirected`: cleartext requests are sent to TLS, unless a Route says otherwise. */
  redirectsToTls: boolean;
  /** `external-domain-tls: Enabled`: each public host gets a certificate of its own. */
  makesCertificates: boolean;
  /** `cluster-local-domain-tls: Enabled`: so do the names inside the cluster. */
  makesLocalCertificates: boolean;
  /** `certificate-class`: who makes them. */
  certificateClass: string;
  /** `namespace-wildcard-cert-selector`: by their labels, namespaces whose hosts share one certificate; undefined: none. */
  sharesCertificate: LabelMatcher | undefined;
  /** `autocreate-cluster-domain-claims`: a DomainMapping claims its host by itself. */
  createsDomainClaims: boolean;
  /** `default-external-scheme`: what the URLs of public hosts begin with for which no certificate is asked. */
  externalScheme: "http" | "https";
  /** `rollout-duration`: how long a new Revision takes to get all traffic, where its Route does not say. */
  rolloutSeconds: number;
}

/** Upstream's default; those that say so, or nothing, are ours to make. */
export const CERTIFICATE_CLASS = "cert-manager.certificate.networking.knative.dev";

/** What keys were called once, which upstream still reads. */
const OLD_NAMES = {
  "ingress.class": "ingress-class",
  "certificate.class": "certificate-class",
  domainTemplate: "domain-template",
  tagTemplate: "tag-template",
  rolloutDuration: "rollout-duration",
  autocreateClusterDomainClaims: "autocreate-cluster-domain-claims",
  defaultExternalScheme: "default-external-scheme",
  autoTLS: "auto-tls",
  httpProtocol: "http-protocol",
} as const;

/** config-network by the names of today, which count where both are there. */
export function withTodaysNames(data: Data = {}): Data {
  const old = Object.entries(OLD_NAMES).flatMap(([was, is]) => (data[was] === undefined ? [] : [[is, data[was]]]));
  return { ...Object.fromEntries(old), ...data };
}

/** After knative.dev/networking pkg/config. Throws UserError `invalid_config`. */
export function parseNetworkConfig(given: Data = {}): NetworkConfig {
  const data = withTodaysNames(given);
  // From here to an instance no other machine is passed, so that there is nothing to be encrypted.
  parseEncryption(data, "system-internal-tls");
  return {
    domainTemplate: parseDomainTemplate(data["domain-template"] ?? "{{.Name}}.{{.Namespace}}.{{.Domain}}"),
    tagTemplate: parseTemplate(data["tag-template"] ?? "{{.Tag}}-{{.Name}}"),
    redirectsToTls: parseHttpProtocol(data["http-protocol"]),
    makesCertificates: parseSwitch(data["external-domain-tls"] ?? data["auto-tls"]),
    makesLocalCertificates: parseEncryption(data, "cluster-local-domain-tls"),
    certificateClass: data["certificate-class"] ?? CERTIFICATE_CLASS,
    sharesCertificate: parseWildcardSelector(data["namespace-wildcard-cert-selector"]),
    externalScheme: parseScheme(data["default-external-scheme"]),
    rolloutSeconds: parseRollout(readInteger(data, "rollout-duration", 0)),
    createsDomainClaims: readBool(data, "autocreate-cluster-domain-claims", false),
  };
}

/** Tried on names as upstream tries them, as what comes of it is to be a host. */
function parseDomainTemplate(text: string): NetworkConfig["domainTemplate"] {
  const template = parseTemplate(text);
  const host = template({ Name: "foo", Namespace: "bar", Domain: "baz.com" });
  if (host === "") throw new UserError("invalid_config", "domain-template: empty hostname");
  const url = URL.parse(`https://${host}`);
  if (!url) throw new UserError("invalid_config", `domain-template: ${JSON.stringify(host)} is not a host`);
  const path = `${url.pathname}${url.search}`;
  if (path !== "/") throw new UserError("invalid_config", `domain template has url path: ${path}`);
  return template;
}

function parseScheme(text = "http"): NetworkConfig["externalScheme"] {
  if (text === "http" || text === "https") return text;
  throw new UserError("invalid_config", `default-external-scheme must be http or https, but was ${text}`);
}

function parseRollout(seconds: number): number {
  if (seconds >= 0) return seconds;
  throw new UserError("invalid_config", `rollout-duration must be a positive integer, but was ${seconds}`);
}

/** Enabled in any case; upstream takes everything else for Disabled. */
function parseSwitch(text = ""): boolean {
  return text.toLowerCase() === "enabled";
}

/** Enabled or Disabled, in any case; nothing else, after knative.dev/networking pkg/config. */
function parseEncryption(data: Data, key: string): boolean {
  const text = data[key] ?? "";
  const value = text.toLowerCase();
  if (value === "enabled" || value === "disabled" || value === "") return value === "enabled";
  throw new UserError("invalid_config", `${key} with value: ${JSON.stringify(text)} in config-network ConfigMap is not supported`);
}

/** A meta/v1 LabelSelector in YAML; an empty one selects all. */
function parseWildcardSelector(text = ""): LabelMatcher | undefined {
  const fail = (why: string, cause?: unknown): never => {
    throw new UserError("invalid_config", `config-network: namespace-wildcard-cert-selector ${why}`, { cause });
  };
  let selector: unknown;
  try {
    selector = parse(text);
  } catch (cause) {
    return fail("is not YAML", cause);
  }
  if (selector === null || selector === undefined) return undefined;
  if (typeof selector !== "object" || Array.isArray(selector)) return fail("is not a label selector");
  const unknown = Object.keys(selector).find((key) => key !== "matchLabels" && key !== "matchExpressions");
  if (unknown !== undefined) return fail(`has an unknown field ${JSON.stringify(unknown)}`);
  try {
    return parseLabelSelector(formatLabelSelector(selector));
  } catch (cause) {
    return fail("is not a label selector", cause);
  }
}

/** Disabled, too, which upstream warns of and takes for Enabled. */
function parseHttpProtocol(text = ""): boolean {
  const value = text.toLowerCase();
  if (value === "" || value === "enabled" || value === "disabled" || value === "redirected") return value === "redirected";
  throw new UserError("invalid_config", `httpProtocol ${text} in config-network ConfigMap is not supported`);
}

/** config-domain: which domain a Route's hosts are under, by its labels. */
export type DomainConfig = readonly { domain: string; selector: Data }[];

/** Hosts under it are served inside the cluster only. */
export const CLUSTER_DOMAIN = "svc.cluster.local";

const DOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;

/** Keys are domains, values empty or YAML with a `selector`. Throws UserError `invalid_config`. */
export function parseDomainConfig(data: Data = {}): DomainConfig {
  return Object.entries(data)
    .filter(([key]) => !key.startsWith("_"))
    .map(([domain, text]) => {
      if (!DOMAIN.test(domain)) throw new UserError("invalid_config", `config-domain: ${JSON.stringify(domain)} is not a domain`);
      return { domain, selector: parseSelector(domain, text) };
    });
}

function parseSelector(domain: string, text: string): Data {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new UserError("invalid_config", `config-domain: the value of ${domain} is not YAML`, { cause });
  }
  const selector = typeof value === "object" && value !== null && "selector" in value ? value.selector : undefined;
  if (selector === undefined || selector === null) return {};
  const valid = typeof selector === "object" && Object.values(selector).every((entry) => typeof entry === "string");
  if (!valid) throw new UserError("invalid_config", `config-domain: the selector of ${domain} is not a map of labels`);
  return selector as Data;
}

/** The domain for these labels: the most labels matched wins, then the first in the alphabet; the cluster's own if there is none. */
export function domainFor(config: DomainConfig, labels: Data): string {
  const matching = config.filter(({ selector }) => Object.entries(selector).every(([key, value]) => labels[key] === value));
  const weight = ({ selector }: { selector: Data }) => Object.keys(selector).length;
  const [best] = matching.sort((a, b) => weight(b) - weight(a) || (a.domain < b.domain ? -1 : 1));
  return best?.domain ?? CLUSTER_DOMAIN;
}

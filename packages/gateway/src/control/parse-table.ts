import { isGateFile } from "../io/gate.ts";
import { isThawFile } from "../io/thaw.ts";
import type {
  Backend,
  CertificateEntry,
  Endpoint,
  FrozenEndpoint,
  StartingEndpoint,
  HostRule,
  RecordedFields,
  RouteEntry,
  RouteTable,
  Split,
} from "../route-table.ts";
import { parsePolicy } from "./parse-policy.ts";
import { optional, parseHeaders, parseRule } from "./parse-rules.ts";
import { bad, headerValue, list, quantity, record, text } from "./parse-values.ts";

/** Parses what came over the socket or from disk. Throws a UserError `bad_route_table` that names the place. */
export function parseTable(value: unknown): RouteTable {
  const table = record(value, "table");
  return {
    routes: list(table["routes"], "routes").map((route, i) => parseRoute(route, `routes[${i}]`)),
    backends: list(table["backends"], "backends").map((backend, i) => parseBackend(backend, `backends[${i}]`)),
    // A table that was written before there were any has none.
    certificates: list(table["certificates"] ?? [], "certificates").map((entry, i) => parseCertificate(entry, `certificates[${i}]`)),
  };
}

export function parseRoute(value: unknown, at = "route"): RouteEntry {
  const route = record(value, at);
  return {
    key: text(route["key"], `${at}.key`),
    // It is sent in a header of the answer to a probe.
    hash: headerValue(route["hash"], `${at}.hash`),
    ...(route["order"] === undefined ? {} : { order: text(route["order"], `${at}.order`) }),
    hosts: list(route["hosts"], `${at}.hosts`).map((rule, i) => parseHost(rule, `${at}.hosts[${i}]`)),
  };
}

function parseHost(value: unknown, at: string): HostRule {
  const rule = record(value, at);
  const visibility = rule["visibility"];
  if (visibility !== "external" && visibility !== "cluster-local") throw bad(`${at}.visibility`, "external or cluster-local");
  return {
    host: text(rule["host"], `${at}.host`).toLowerCase(),
    visibility,
    splits: list(rule["splits"], `${at}.splits`).map((split, i) => parseSplit(split, `${at}.splits[${i}]`)),
    ...(rule["redirectToTls"] === true ? { redirectToTls: true } : {}),
    setHeaders: parseHeaders(rule["setHeaders"], `${at}.setHeaders`),
    ...(rule["rules"] === undefined
      ? {}
      : { rules: list(rule["rules"], `${at}.rules`).map((item, i) => parseRule(item, `${at}.rules[${i}]`)) }),
    ...optional(rule, at, "policy", parsePolicy),
    ...optional(rule, at, "recorded", parseRecorded),
  };
}

function parseRecorded(value: unknown, at: string): RecordedFields {
  const fields = record(value, at);
  const names = (key: keyof RecordedFields) => list(fields[key], `${at}.${key}`).map((name, i) => text(name, `${at}.${key}[${i}]`));
  return { headers: names("headers"), cookies: names("cookies"), query: names("query") };
}

function parseSplit(value: unknown, at: string): Split {
  const split = record(value, at);
  return { revision: text(split["revision"], `${at}.revision`), percent: quantity(split["percent"], `${at}.percent`, 100) };
}

export function parseBackend(value: unknown, at = "backend"): Backend {
  const backend = record(value, at);
  const protocol = backend["protocol"];
  if (protocol !== "http1" && protocol !== "h2c") throw bad(`${at}.protocol`, "http1 or h2c");
  const unavailable = backend["unavailable"];
  return {
    key: text(backend["key"], `${at}.key`),
    protocol,
    containerConcurrency: quantity(backend["containerConcurrency"], `${at}.containerConcurrency`),
    timeoutSeconds: quantity(backend["timeoutSeconds"], `${at}.timeoutSeconds`),
    responseStartTimeoutSeconds: quantity(backend["responseStartTimeoutSeconds"], `${at}.responseStartTimeoutSeconds`),
    idleTimeoutSeconds: quantity(backend["idleTimeoutSeconds"], `${at}.idleTimeoutSeconds`),
    endpoints: list(backend["endpoints"], `${at}.endpoints`).map((endpoint, i) => parseEndpoint(endpoint, `${at}.endpoints[${i}]`)),
    ...(backend["frozen"] === undefined
      ? {}
      : { frozen: list(backend["frozen"], `${at}.frozen`).map((endpoint, i) => parseFrozen(endpoint, `${at}.frozen[${i}]`)) }),
    ...(backend["starting"] === undefined
      ? {}
      : { starting: list(backend["starting"], `${at}.starting`).map((endpoint, i) => parseStarting(endpoint, `${at}.starting[${i}]`)) }),
    ...(backend["requestLog"] === undefined ? {} : { requestLog: parseRequestLog(backend["requestLog"], `${at}.requestLog`) }),
    ...(unavailable === undefined ? {} : { unavailable: text(unavailable, `${at}.unavailable`) }),
  };
}

function parseRequestLog(value: unknown, at: string): { fields: string[] } {
  return { fields: list(record(value, at)["fields"], `${at}.fields`).map((name, i) => text(name, `${at}.fields[${i}]`)) };
}

function parseEndpoint(value: unknown, at: string): Endpoint {
  const endpoint = record(value, at);
  return {
    id: text(endpoint["id"], `${at}.id`),
    host: text(endpoint["host"], `${at}.host`),
    port: quantity(endpoint["port"], `${at}.port`, 65_535),
  };
}

function parseFrozen(value: unknown, at: string): FrozenEndpoint {
  const thawFile = text(record(value, at)["thawFile"], `${at}.thawFile`);
  if (!isThawFile(thawFile)) throw bad(`${at}.thawFile`, "a freezer's file in /sys/fs/cgroup");
  return { ...parseEndpoint(value, at), thawFile };
}

function parseStarting(value: unknown, at: string): StartingEndpoint {
  const { gateFile } = record(value, at);
  if (gateFile === undefined) return parseEndpoint(value, at);
  const path = text(gateFile, `${at}.gateFile`);
  if (!isGateFile(path)) throw bad(`${at}.gateFile`, "the absolute path of a FIFO named gate");
  return { ...parseEndpoint(value, at), gateFile: path };
}

export function parseCertificate(value: unknown, at = "certificate"): CertificateEntry {
  const entry = record(value, at);
  const source = record(entry["source"], `${at}.source`);
  const field = (name: string) => text(source[name], `${at}.source.${name}`);
  return {
    key: text(entry["key"], `${at}.key`),
    hosts: list(entry["hosts"], `${at}.hosts`).map((host, i) => text(host, `${at}.hosts[${i}]`).toLowerCase()),
    source:
      source["certificateFile"] === undefined
        ? { certificate: field("certificate"), privateKey: field("privateKey") }
        : { certificateFile: field("certificateFile"), privateKeyFile: field("privateKeyFile") },
  };
}

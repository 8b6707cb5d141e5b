import { anyObject, bool, integer, list, object, objectMeta, text, textMap, type Schema } from "../schema.ts";

/** Istio's structural schemas (istio.io/api, customresourcedefinitions.gen.yaml): of all versions the same. */
const number: Schema = { type: "number" };
const stringMatch = object({ exact: text, prefix: text, regex: text });
const matches: Schema = { type: "object", additionalProperties: stringMatch };
const destination = object({ host: text, port: object({ number: integer }), subset: text }, "host");
const operations = object({ add: textMap, remove: list(text), set: textMap });
const headers = object({ request: operations, response: operations });
const percentage = object({ value: number });

const match = object({
  authority: stringMatch,
  gateways: list(text),
  headers: matches,
  ignoreUriCase: bool,
  method: stringMatch,
  name: text,
  port: integer,
  queryParams: matches,
  scheme: stringMatch,
  sourceLabels: textMap,
  sourceNamespace: text,
  statPrefix: text,
  uri: stringMatch,
  withoutHeaders: matches,
});

const httpRoute = object({
  corsPolicy: object({
    allowCredentials: bool,
    allowHeaders: list(text),
    allowMethods: list(text),
    allowOrigin: list(text),
    allowOrigins: list(stringMatch),
    exposeHeaders: list(text),
    maxAge: text,
    unmatchedPreflights: text,
  }),
  delegate: object({ name: text, namespace: text }),
  directResponse: object({ body: object({ bytes: text, string: text }), status: integer }, "status"),
  fault: object({
    abort: object({ grpcStatus: text, http2Error: text, httpStatus: integer, percentage }),
    delay: object({ exponentialDelay: text, fixedDelay: text, percent: integer, percentage }),
  }),
  headers,
  match: list(match),
  mirror: destination,
  mirror_percent: integer,
  mirrorPercent: integer,
  mirrorPercentage: percentage,
  mirrors: list(object({ destination, percentage }, "destination")),
  name: text,
  redirect: object({
    authority: text,
    derivePort: text,
    port: integer,
    prefixRewrite: text,
    redirectCode: integer,
    scheme: text,
    uri: text,
  }),
  retries: object({
    attempts: integer,
    backoff: text,
    perTryTimeout: text,
    retryIgnorePreviousHosts: bool,
    retryOn: text,
    retryRemoteLocalities: bool,
  }),
  rewrite: object({ authority: text, uri: text, uriRegexRewrite: object({ match: text, rewrite: text }) }),
  route: list(object({ destination, headers, weight: integer }, "destination")),
  timeout: text,
});

const tlsMatch = { destinationSubnets: list(text), gateways: list(text), port: integer, sourceLabels: textMap, sourceNamespace: text };
const tcpRoute = list(object({ destination, weight: integer }, "destination"));

function kindOf(spec: Schema): Schema {
  return { type: "object", properties: { apiVersion: text, kind: text, metadata: objectMeta, spec, status: anyObject } };
}

export const VIRTUAL_SERVICE_SCHEMA = kindOf(
  object({
    exportTo: list(text),
    gateways: list(text),
    hosts: list(text),
    http: list(httpRoute),
    tcp: list(object({ match: list(object({ ...tlsMatch, sourceSubnet: text })), route: tcpRoute })),
    tls: list(object({ match: list(object({ ...tlsMatch, sniHosts: list(text) }, "sniHosts")), route: tcpRoute }, "match")),
  }),
);

export const GATEWAY_SCHEMA = kindOf(
  object({
    selector: textMap,
    servers: list(
      object(
        {
          bind: text,
          defaultEndpoint: text,
          hosts: list(text),
          name: text,
          port: object({ name: text, number: integer, protocol: text, targetPort: integer }, "number", "protocol", "name"),
          tls: anyObject,
        },
        "port",
        "hosts",
      ),
    ),
  }),
);

/** Only its subsets are read; the rest is for a mesh. */
export const DESTINATION_RULE_SCHEMA = kindOf({ ...anyObject, properties: { host: text }, required: ["host"] });

/** A revision's key everywhere in the data plane: `namespace/name`. */
export type RevisionKey = string;

/** One upstream: an instance of a revision. */
export interface Endpoint {
  /** The instance's id (the Pod's name). */
  id: string;
  host: string;
  port: number;
}

/** An instance that is kept off the CPU: whoever has a request for it thaws it, before the control plane has been told. */
export interface FrozenEndpoint extends Endpoint {
  /** The control file of its freezer in `/sys/fs/cgroup`: `freezer.state` or `cgroup.freeze`. */
  thawFile: string;
}

/**
 * An instance that is not known to be ready, and is so as soon as it accepts a connection: whoever has a request for it tries that, again and again,
 * instead of waiting to be told.
 */
export interface StartingEndpoint extends Endpoint {
  /** Its program has not been started: it waits for a line at this FIFO, named `gate`. */
  gateFile?: string;
}

/** All that the data plane knows of a revision. */
export interface Backend {
  key: RevisionKey;
  protocol: "http1" | "h2c";
  /** Requests at once per instance; 0 is no limit. */
  containerConcurrency: number;
  /** Whole request, seconds. */
  timeoutSeconds: number;
  /** Until the first byte of the answer, seconds; 0 is no limit. */
  responseStartTimeoutSeconds: number;
  /** Since the last byte of the answer, seconds; 0 is no limit. */
  idleTimeoutSeconds: number;
  endpoints: Endpoint[];
  /** Serve once they are thawed, while there are no others; a `wake` tells of it. */
  frozen?: FrozenEndpoint[];
  /** Are tried while there are no others, and let go if they wait for it; a `wake` tells of it. */
  starting?: StartingEndpoint[];
  /** Its requests are told of, for a log, with these header fields (lower case). */
  requestLog?: { fields: string[] };
  /** Why it cannot be woken; requests are then answered 503 with these words at once, instead of being held. */
  unavailable?: string;
}

export interface Split {
  revision: RevisionKey;
  /** Whole percent; the splits of a host add up to 100. */
  percent: number;
}

/** What one object that routes (a Route, a VirtualService, a DomainMapping) wants of the gateway. */
export interface RouteEntry {
  /** `namespace/name` of a Route; other kinds put `KIND:` in front. */
  key: string;
  /** Changes when the meaning of the entry changes; a probe with `K-Network-Hash: override` is answered with it. */
  hash: string;
  /** Entries that name the same host are tried in this order (as text); those without come first, in the order in which they came. */
  order?: string;
  hosts: HostRule[];
}

/**
 * One host of an entry. Its rules are tried in order and then, if there are any, its splits; several entries may name one host, and are
 * tried one after the other (see `RouteEntry.order`).
 */
export interface HostRule {
  /** Lower case, without a port; `*.` in front, or `*` alone, stands for all hosts that end so. */
  host: string;
  /** `cluster-local` hosts are served on the internal listener only. */
  visibility: "external" | "cluster-local";
  splits: Split[];
  /** Headers set on the request before it is passed on. */
  setHeaders: Record<string, string>;
  /** Knative's `httpProtocol: Redirected`: what comes in cleartext from outside is sent to the TLS port, where there is one. */
  redirectToTls?: boolean;
  rules?: RouteRule[];
  /** Where several entries of one host have one, the first's holds. */
  policy?: TrafficPolicy;
  /** Whose values may be remembered of its requests; without it names alone are. */
  recorded?: RecordedFields;
}

/** What rules ask for; headers in lower case. */
export interface RecordedFields {
  headers: string[];
  cookies: string[];
  query: string[];
}

/**
 * What guards a host, whatever its rules lead to. A request is held against `deny`, `allow` and `rateLimits` before it is routed; the rest is about
 * the instance that it is sent to.
 */
export interface TrafficPolicy {
  /** 403 for whom one of them names. */
  deny?: AccessEntry[];
  /** 403 for whom none of them names, if there is one in force. */
  allow?: AccessEntry[];
  /** 429 with Retry-After for what is above any of them. */
  rateLimits?: RateLimit[];
  affinity?: Affinity;
  ejection?: Ejection;
  retries?: BudgetedRetries;
}

/** Either an address or a header. */
export interface AccessEntry {
  /** An IP address or a CIDR block, of the connection's other end. */
  address?: string;
  /** Lower case. */
  header?: string;
  match?: TextMatch;
  /** RFC 3339; from then on the entry is as if it were not there. */
  until?: string;
}

/** A bucket of `burst` requests that fills up by `requests` in each `perSeconds`. */
export interface RateLimit {
  requests: number;
  perSeconds: number;
  /** Default: `requests`. */
  burst?: number;
  /** One bucket for all, one for each client address, or one for each value of a header (lower case; requests without it share one). */
  by: "app" | "client" | { header: string };
}

/** Requests with the cookie go to the version and instance that it names, while they are there and have room. */
export interface Affinity {
  cookie: string;
  seconds: number;
}

/** After so many failures on end (5xx, or no answer) an instance gets no requests for `seconds`, longer each time; Istio's outlierDetection. */
export interface Ejection {
  errors: number;
  seconds: number;
  /** Of the version's instances at once; the last is never taken out. */
  maxPercent: number;
}

/** For requests whose rule asks for no retries of its own. */
export interface BudgetedRetries extends Retries {
  /** Of the requests at hand, at most so many may be second attempts (three always may). */
  budgetPercent: number;
}

export type TextMatch = { exact: string } | { prefix: string } | { regex: string } | { present: true };

/** All that is named must hold (Istio's HTTPMatchRequest). Names of headers are lower case; regular expressions are RE2's and match the whole. */
export interface RequestMatch {
  uri?: TextMatch;
  ignoreUriCase?: boolean;
  method?: TextMatch;
  authority?: TextMatch;
  scheme?: TextMatch;
  headers?: Record<string, TextMatch>;
  withoutHeaders?: Record<string, TextMatch>;
  queryParams?: Record<string, TextMatch>;
}

/** Done in this order: remove, set, add. Values may hold Envoy's formatters (`%REQ(name)%` and so on). */
export interface HeaderChanges {
  set?: Record<string, string>;
  add?: Record<string, string>;
  remove?: string[];
}

/**
 * Where a request goes. `service` is `namespace/name`: a revision, or else what is served inside the cluster as
 * `name.namespace.svc.cluster.local`, by the authority that the request has then. `gateway`: routed once more, as if it came in there.
 */
export type Target = { service: string } | { gateway: "external" | "local" } | { unavailable: string };

export interface Destination {
  target: Target;
  /** Relative to the others'. */
  weight: number;
  request?: HeaderChanges;
  response?: HeaderChanges;
}

export type PathRewrite = { uri: string } | { regex: string; replacement: string };

export interface Fault {
  delay?: { seconds: number; percent: number };
  abort?: { status: number; percent: number };
}

export interface Retries {
  /** Beside the first one. */
  attempts: number;
  /** 0: none. */
  perTrySeconds: number;
  /** Envoy's names, and status codes. */
  on: string[];
}

export interface Cors {
  origins: TextMatch[];
  methods: string[];
  headers: string[];
  expose: string[];
  maxAgeSeconds?: number;
  credentials: boolean;
  /** A preflight of another origin is answered here, instead of being passed on. */
  ignoreUnmatched: boolean;
}

export type RuleAction =
  | { type: "forward"; destinations: Destination[] }
  | { type: "redirect"; status: number; uri?: string; authority?: string; scheme?: string; port?: number | "scheme" | "request" }
  | { type: "respond"; status: number; body: string; encoding?: "utf8" | "base64" };

/** One entry of a host's ordered list: the first with a match that holds decides. */
export interface RouteRule {
  /** For people: which object, and where in it. */
  name: string;
  /** One of them is enough; with none, every request matches. */
  matches: RequestMatch[];
  action: RuleAction;
  path?: PathRewrite;
  authority?: string;
  request?: HeaderChanges;
  response?: HeaderChanges;
  /** Whole request, seconds; 0 or absent: the revision's. */
  timeoutSeconds?: number;
  retries?: Retries;
  fault?: Fault;
  mirrors?: { target: Target; percent: number }[];
  cors?: Cors;
}

/** A certificate and what it is for. PEM, the certificate with its chain; files are read again when they change. */
export interface CertificateEntry {
  /** `namespace/name` of the Secret, or a name of the gateway's own. */
  key: string;
  /** Lower case; `*.example.com` stands for one label. None: for clients that name no host, or one without a certificate. */
  hosts: string[];
  source: { certificate: string; privateKey: string } | { certificateFile: string; privateKeyFile: string };
}

/** Everything the gateway needs to serve, and what it keeps on disk. */
export interface RouteTable {
  routes: RouteEntry[];
  backends: Backend[];
  certificates: CertificateEntry[];
}

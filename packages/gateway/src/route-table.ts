/** A revision's key everywhere in the data plane: `namespace/name`. */
export type RevisionKey = string;

/** One upstream: an instance of a revision. */
export interface Endpoint {
  /** The instance's id (the Pod's name). */
  id: string;
  host: string;
  port: number;
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
  /** Why it cannot be woken; requests are then answered 503 with these words at once, instead of being held. */
  unavailable?: string;
}

export interface Split {
  revision: RevisionKey;
  /** Whole percent; the splits of a host add up to 100. */
  percent: number;
}

/** What one Route wants of the gateway. */
export interface RouteEntry {
  /** `namespace/name` of the Route. */
  key: string;
  /** Changes when the meaning of the entry changes; a probe with `K-Network-Hash: override` is answered with it. */
  hash: string;
  hosts: HostRule[];
}

export interface HostRule {
  /** Lower case, without a port. */
  host: string;
  /** `cluster-local` hosts are served on the internal listener only. */
  visibility: "external" | "cluster-local";
  splits: Split[];
  /** Headers set on the request before it is passed on. */
  setHeaders: Record<string, string>;
  /** Knative's `httpProtocol: Redirected`: what comes in cleartext from outside is sent to the TLS port, where there is one. */
  redirectToTls?: boolean;
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

import type { Container, Probe } from "@ebb/kube";
import type { ProbeSpec } from "@ebb/runtime";

/** Port 0 in a probe is Knative's word for the container's own port; a name is that of the only port. */
function portOf(port: number | string | undefined): { port?: number } {
  const value = typeof port === "string" ? Number.parseInt(port, 10) : port;
  return value === undefined || Number.isNaN(value) || value === 0 ? {} : { port: value };
}

const TCP: ProbeSpec = { tcp: {}, initialDelaySeconds: 0, periodSeconds: 0, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };

/** core/v1's defaults where admission has not set any. */
export function probeOf(probe: Probe, periodSeconds: number): ProbeSpec {
  const base = {
    initialDelaySeconds: probe.initialDelaySeconds ?? 0,
    periodSeconds: probe.periodSeconds ?? periodSeconds,
    timeoutSeconds: probe.timeoutSeconds || 1,
    successThreshold: probe.successThreshold || 1,
    failureThreshold: probe.failureThreshold || 3,
  };
  const { httpGet, grpc, exec, tcpSocket } = probe;
  if (httpGet) {
    const headers = Object.fromEntries((httpGet.httpHeaders ?? []).map(({ name, value }) => [name, value]));
    if (httpGet.host !== undefined) headers["Host"] = httpGet.host;
    // Upstream's own tests write it in lower case.
    const tls = httpGet.scheme?.toUpperCase() === "HTTPS" ? { tls: true as const } : {};
    return { ...base, http: { path: httpGet.path ?? "/", headers, ...portOf(httpGet.port), ...tls } };
  }
  if (grpc) return { ...base, grpc: { service: grpc.service ?? "", ...portOf(grpc.port) } };
  if (exec) return { ...base, exec };
  return { ...base, tcp: portOf(tcpSocket?.port) };
}

/** Knative's default: TCP on the container's port, as often as it takes until the first success. */
export function readinessOf({ readinessProbe }: Container): ProbeSpec {
  return readinessProbe ? probeOf(readinessProbe, 0) : TCP;
}

import type { InstanceSpec } from "../port.ts";

/** Whether nothing is asked of it for its readiness but that it accepts a connection at the port where it serves. */
export function acceptsWhenReady({
  readiness,
  startup,
  parts,
  port,
}: Pick<InstanceSpec, "readiness" | "startup" | "parts" | "port">): boolean {
  const { http, grpc, exec, tcp, initialDelaySeconds, successThreshold } = readiness;
  if (startup || parts?.length || http || grpc || exec || initialDelaySeconds > 0 || successThreshold > 1) return false;
  return tcp?.port === undefined || tcp.port === port;
}

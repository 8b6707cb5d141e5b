import { causeChain, systemCode, type Clock } from "@ebb/base";
import type { Address, ExecResult, InstanceSpec, ProbeSpec } from "../port.ts";
import { probeGrpc } from "./grpc.ts";
import { probeH2c, probeHttp } from "./http.ts";
import { ProbeFailure, shorten } from "./probe-error.ts";
import { probeTcp } from "./tcp.ts";

/** What a probe needs of the instance that it asks. */
export interface ProbeTarget {
  address: Address;
  /** The port that the application thinks is its own; a probe that names it means the address' port. */
  port: number;
  protocol: InstanceSpec["protocol"];
  exec(command: string[], timeoutSeconds: number): Promise<ExecResult>;
}

/** One probe. Returns undefined on success, else why not, in words. Never throws; takes `timeoutSeconds` at most. */
export async function attemptProbe(probe: ProbeSpec, target: ProbeTarget, clock: Clock): Promise<string | undefined> {
  const stop = new AbortController();
  const timeoutSeconds = probe.timeoutSeconds > 0 ? probe.timeoutSeconds : 1;
  const overdue = new ProbeFailure(`no answer within ${timeoutSeconds} s`);
  const timer = clock.after(timeoutSeconds * 1000, () => stop.abort(overdue));
  try {
    await act(probe, target, stop.signal);
    return undefined;
  } catch (error) {
    if (stop.signal.aborted) return describe(probe, target, overdue);
    return describe(probe, target, error);
  } finally {
    timer.cancel();
  }
}

async function act(probe: ProbeSpec, target: ProbeTarget, signal: AbortSignal): Promise<void> {
  if (probe.exec) {
    const { exitCode, output } = await target.exec(probe.exec.command, probe.timeoutSeconds);
    if (exitCode !== 0) throw new ProbeFailure(`the command exited with code ${exitCode}: ${shorten(output)}`);
  } else if (probe.http) {
    const run = target.protocol === "h2c" && !probe.http.tls ? probeH2c : probeHttp;
    await run(addressOf(target, probe.http.port), probe.http, signal);
  } else if (probe.grpc) await probeGrpc(addressOf(target, probe.grpc.port), probe.grpc.service, signal);
  else await probeTcp(addressOf(target, probe.tcp?.port), signal);
}

function addressOf(target: ProbeTarget, port: number | undefined): Address {
  return port === undefined || port === target.port ? target.address : { host: target.address.host, port };
}

function describe(probe: ProbeSpec, target: ProbeTarget, error: unknown): string {
  const { host, port } = addressOf(target, probe.http?.port ?? probe.grpc?.port ?? probe.tcp?.port);
  const kind = probe.exec ? "exec" : probe.http ? (probe.http.tls ? "HTTPS" : "HTTP") : probe.grpc ? "gRPC" : "TCP";
  const where = probe.exec ? "" : ` to ${host}:${port}`;
  const why = isRefusal(error) ? "nothing listens there" : shorten(causeChain(error).join(": "));
  return `${kind} probe${where} failed: ${why}`;
}

/** HTTP/2 sessions wrap the socket's error. */
function isRefusal(error: unknown): boolean {
  return systemCode(error) === "ECONNREFUSED" || (error instanceof Error && error.cause !== undefined && isRefusal(error.cause));
}

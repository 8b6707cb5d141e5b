import { request } from "node:http";
import { request as requestByTls } from "node:https";
import { constants } from "node:http2";
import type { Address } from "../port.ts";
import { attemptHttp2 } from "./http2-attempt.ts";
import { ProbeFailure } from "./probe-error.ts";

/** What kubelet says of itself, for access logs that leave probes out. */
export const USER_AGENT = "kube-probe/1.32";

interface HttpProbe {
  path: string;
  headers: Record<string, string>;
  tls?: true;
}

/** A GET whose status must be 200–399; the body is not read. Throws ProbeFailure or what the connection throws. */
export function probeHttp(address: Address, probe: HttpProbe, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const attempt = (probe.tls ? requestByTls : request)(
      {
        // As the kubelet: whether it serves is asked, not who it is.
        ...(probe.tls ? { rejectUnauthorized: false } : {}),
        host: address.host,
        port: address.port,
        path: pathOf(probe),
        headers: { "User-Agent": USER_AGENT, Accept: "*/*", Connection: "close", ...probe.headers },
        agent: false,
        signal,
      },
      (response) => {
        const status = response.statusCode ?? 0;
        response.destroy();
        if (isSuccess(status)) resolve();
        else reject(new ProbeFailure(`GET ${pathOf(probe)} answered ${status}`));
      },
    );
    attempt.once("error", reject);
    attempt.end();
  });
}

/** The same over HTTP/2 with prior knowledge. */
export function probeH2c(address: Address, probe: HttpProbe, signal: AbortSignal): Promise<void> {
  const headers = { [constants.HTTP2_HEADER_PATH]: pathOf(probe), "user-agent": USER_AGENT, ...lowerCase(probe.headers) };
  return attemptHttp2(address, headers, signal, (stream, finish) => {
    stream.once("response", (answer) => {
      const status = answer[":status"] ?? 0;
      finish(isSuccess(status) ? undefined : new ProbeFailure(`GET ${pathOf(probe)} answered ${status}`));
    });
  });
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.toLowerCase() !== "host")
      .map(([name, value]) => [name.toLowerCase(), value]),
  );
}

function pathOf({ path }: HttpProbe): string {
  return path.startsWith("/") ? path : `/${path}`;
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 400;
}

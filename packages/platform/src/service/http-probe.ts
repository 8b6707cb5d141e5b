import { request } from "node:http";
import type { Ingress } from "../cluster/port.ts";

const TIMEOUT = 10_000;

/**
 * Returns the function that asks an ingress for a URL's host and path, whatever the host resolves to; it resolves with the status of
 * the answer, whose body is not read, and rejects with the connection's error.
 */
export function createProbe(userAgent: string) {
  return (ingress: Ingress, url: URL, path: string, signal: AbortSignal): Promise<number> =>
    new Promise((resolve, reject) => {
      const ask = request(
        {
          host: ingress.host,
          port: ingress.port,
          path,
          method: "GET",
          headers: { host: url.host, "user-agent": userAgent, accept: "*/*" },
          signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
          agent: false,
        },
        (response) => {
          response.on("error", () => undefined);
          response.destroy();
          resolve(response.statusCode ?? 0);
        },
      );
      ask.on("error", reject);
      ask.end();
    });
}

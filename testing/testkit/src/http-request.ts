import { request, type IncomingHttpHeaders } from "node:http";

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** One HTTP/1.1 request to `address`, for any Host: as a browser would send it after resolving the name to the gateway. */
export function httpRequest(
  address: { host: string; port: number },
  options: { host: string; path?: string; method?: string; headers?: Record<string, string>; body?: string | Buffer; timeout?: number },
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: address.host,
        port: address.port,
        method: options.method ?? "GET",
        path: options.path ?? "/",
        headers: { ...options.headers, host: options.host },
        agent: false,
        timeout: options.timeout ?? 60_000,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    sent.once("timeout", () => sent.destroy(new Error(`no answer for ${options.host} within ${options.timeout ?? 60_000} ms`)));
    sent.once("error", reject);
    sent.end(options.body);
  });
}

import type { OutgoingHttpHeaders } from "node:http";
import { Agent, request } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";

/** The few calls that a benchmark makes of a Kubernetes API, each connection kept open: no client library's own cost is measured. */
export interface KubeApi {
  /** Resolves with the parsed answer; throws on a status of 400 and above. */
  call(method: string, path: string, body?: unknown, contentType?: string): Promise<unknown>;
  /** Calls `onEvent` with each line of a watch until it is told to stop. */
  watch(path: string, onEvent: (event: WatchEvent) => void): Promise<() => void>;
  close(): void;
}

export interface WatchEvent {
  type: string;
  object: { metadata: { name: string; generation?: number; annotations?: Record<string, string> }; status?: ObjectStatus };
}
interface ObjectStatus {
  observedGeneration?: number;
  conditions?: { type: string; status: string }[];
}

export async function connectKubeApi(kubeconfig: string, connections: number): Promise<KubeApi> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const server = config.getCurrentCluster()?.server;
  if (!server) throw new Error(`${kubeconfig} names no server`);
  const options: Parameters<KubeConfig["applyToHTTPSOptions"]>[0] = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key } = options;
  // A kubeconfig gives a record, though the type allows a list.
  const headers = options.headers as OutgoingHttpHeaders | undefined;
  const agent = new Agent({
    keepAlive: true,
    maxSockets: connections,
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
  });
  const open = (method: string, path: string, more: Record<string, string | number>) =>
    request(new URL(path, server), { method, agent, headers: { ...headers, ...more } });

  return {
    call: (method, path, body, contentType = "application/json") =>
      new Promise((resolve, reject) => {
        const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
        const sent = open(method, path, payload ? { "content-type": contentType, "content-length": payload.length } : {});
        sent.once("error", reject);
        sent.once("response", (response) => {
          const parts: Buffer[] = [];
          response.on("data", (part: Buffer) => parts.push(part));
          response.once("error", reject);
          response.once("end", () => {
            const text = Buffer.concat(parts).toString();
            if ((response.statusCode ?? 500) >= 400) reject(new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 300)}`));
            else resolve(JSON.parse(text));
          });
        });
        sent.end(payload);
      }),
    watch: (path, onEvent) =>
      new Promise((resolve, reject) => {
        const sent = open("GET", path, {});
        let stopped = false;
        sent.on("error", (error) => {
          if (!stopped) reject(error);
        });
        sent.once("response", (response) => {
          let rest = "";
          response.setEncoding("utf8");
          response.on("data", (text: string) => {
            const lines = (rest + text).split("\n");
            rest = lines.pop() ?? "";
            for (const line of lines) onEvent(JSON.parse(line) as WatchEvent);
          });
          resolve(() => {
            stopped = true;
            sent.destroy();
          });
        });
        sent.end();
      }),
    close: () => agent.destroy(),
  };
}

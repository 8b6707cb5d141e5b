import { Agent, request } from "node:http";
import type { Expectations, Kind } from "./expectations.ts";

export interface WatchedLoad {
  readonly answered: () => number;
  readonly failures: readonly string[];
  stop(): Promise<void>;
}

export interface LoadOptions {
  gateway: { host: string; port: number };
  host: string;
  expectations: Expectations;
  /** From an answer to the client's next request, milliseconds. */
  pause: number;
}

const PATIENCE = 30_000;

/** Two clients of one app, one with the header that rules look at: each answer is held against what was asked for at that time. */
export function watchedLoad({ gateway, host, expectations, pause }: LoadOptions): WatchedLoad {
  const failures: string[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  let answered = 0;
  let running = true;
  const one = (kind: Kind) =>
    new Promise<void>((resolve) => {
      const began = performance.now();
      const fail = (why: string) => {
        failures.push(`${host} ${new Date().toISOString()} ${kind}: ${why}`);
        resolve();
      };
      const headers = { host, ...(kind === "canary" ? { "x-canary": "1" } : {}) };
      const sent = request({ ...gateway, agent, path: "/", headers, timeout: PATIENCE }, (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (body += chunk));
        response.once("error", (error) => fail(`while reading: ${error.message}`));
        response.once("end", () => {
          const number = /"version":"[^"]*-0*([1-9][0-9]*)"/.exec(body)?.[1];
          if (response.statusCode !== 200 || number === undefined) return fail(`${response.statusCode} ${body.slice(0, 200)}`);
          answered++;
          expectations.check({ kind, version: `v${number}`, began, ended: performance.now() });
          resolve();
        });
      });
      sent.once("timeout", () => sent.destroy(new Error(`no answer within ${PATIENCE / 1000} s`)));
      sent.once("error", (error: NodeJS.ErrnoException) => {
        // A kept connection that ended between two requests: all clients open another.
        if (sent.reusedSocket && error.code === "ECONNRESET") return resolve();
        fail(error.message);
      });
      sent.end();
    });
  const loops = (["plain", "canary"] as const).map(async (kind) => {
    while (running) {
      await one(kind);
      await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
    }
  });
  return {
    answered: () => answered,
    failures,
    async stop() {
      running = false;
      await Promise.all(loops);
      agent.destroy();
    },
  };
}

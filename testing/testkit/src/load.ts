import { Agent, request } from "node:http";

export interface LoadResult {
  succeeded: number;
  failures: string[];
  /** Distinct bodies' `version`s seen, in order of first appearance. */
  versions: string[];
  /** Of the successful ones, milliseconds. */
  slowest: number;
}

/**
 * From an answer to that client's next request, milliseconds: eight clients ask some 700 times a second on any machine. As fast as they can they take two cores for as
 * long as they go on, and what is looked at meanwhile takes as much longer.
 */
const PAUSE = 10;

/**
 * So many clients, each sending GET after GET on a kept connection until `stop`. A failure is any answer but 200, a broken connection, or
 * no answer within 30 s: what a user would call an error. A kept connection that ends between two requests is not one: the client
 * opens another, as all do.
 */
export function startLoad(
  address: { host: string; port: number },
  host: string,
  clients = 8,
): { stop(): Promise<LoadResult>; seen(): LoadResult } {
  const result: LoadResult = { succeeded: 0, failures: [], versions: [], slowest: 0 };
  let running = true;
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const one = () =>
    new Promise<void>((resolve) => {
      const began = performance.now();
      const fail = (why: string) => {
        result.failures.push(why);
        resolve();
      };
      const sent = request({ ...address, agent, path: "/", headers: { host }, timeout: 30_000 }, (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (body += chunk));
        response.once("error", (error) => fail(`while reading: ${error.message}`));
        response.once("end", () => {
          if (response.statusCode !== 200) return fail(`${response.statusCode} ${body.slice(0, 200)}`);
          result.succeeded++;
          result.slowest = Math.max(result.slowest, performance.now() - began);
          const version = /"version":"([^"]*)"/.exec(body)?.[1];
          if (version !== undefined && !result.versions.includes(version)) result.versions.push(version);
          resolve();
        });
      });
      sent.once("timeout", () => sent.destroy(new Error("no answer within 30 s")));
      sent.once("error", (error: NodeJS.ErrnoException) => {
        if (sent.reusedSocket && error.code === "ECONNRESET") return resolve();
        fail(error.message);
      });
      sent.end();
    });
  const loops = Array.from({ length: clients }, async () => {
    while (running) {
      await one();
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  });
  return {
    seen: () => result,
    async stop() {
      running = false;
      await Promise.all(loops);
      agent.destroy();
      return result;
    },
  };
}

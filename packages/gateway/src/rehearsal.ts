import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@ebb/base";
import { Serving, type ServingOptions } from "./serving.ts";

/**
 * Wakes, each with two requests: as many as the engine wants to see before it compiles with more care what each runs once, and memory for that (5 MiB). They take some
 * tenths of a second of one core, a wake at a time, between which others are served.
 */
const WAKES = 300;

const HERE = "127.0.0.1";
const REVISION = "rehearsal/app";
const HOST = "rehearsal.invalid";
/** None of them takes a hundredth of that; what does has gone wrong, and is not tried again. */
const TIMEOUTS = { timeoutSeconds: 5, responseStartTimeoutSeconds: 0, idleTimeoutSeconds: 0 };
/** The usual fields: what is done for each of them is compiled, too. */
const FIELDS = `Host: ${HOST}\r\nUser-Agent: rehearsal\r\nAccept: */*\r\nAccept-Encoding: gzip, br\r\n`;
const FIRST = `GET /first HTTP/1.1\r\n${FIELDS}\r\n`;
const LAST = `GET /last?of=two HTTP/1.1\r\n${FIELDS}Connection: close\r\n\r\n`;
const ANSWER = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\n{}`;

/**
 * Runs what a request that wakes an instance runs, often enough that this thread's engine has compiled it: a gateway in front of applications that sleep does little
 * else, and so seldom that the first would wait for it and the others be interpreted (docs/adr/0045). It does so with a data plane of its own, in front of an
 * instance that is none: nothing of it is counted, logged or told. Ends at once when `signal` says so; never throws.
 */
export async function rehearse(options: ServingOptions, signal: AbortSignal): Promise<void> {
  try {
    if (!signal.aborted) await play(options, signal);
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") return;
    options.log.warn({ error }, "the gateway could not rehearse: the first instances that it wakes answer a little later");
  }
}

async function play(options: ServingOptions, signal: AbortSignal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "ebb-rehearsal-"));
  const instance = createServer((socket) => {
    socket.on("data", () => void socket.write(ANSWER));
    socket.on("error", () => socket.destroy());
  });
  const listeners = [{ host: HERE, port: 0, visibility: "external" as const }];
  const accessLog = options.accessLog && (() => {});
  const stage = new Serving({ ...options, listeners, ownCertificate: undefined, log: silentLogger, accessLog, counts: undefined });
  try {
    const thawFile = join(folder, "freezer.state");
    await writeFile(thawFile, "");
    instance.listen(0, HERE);
    await once(instance, "listening");
    const endpoint = { id: "rehearsal", host: HERE, port: (instance.address() as AddressInfo).port };
    const hosts = [{ host: HOST, visibility: "external" as const, splits: [{ revision: REVISION, percent: 100 }], setHeaders: {} }];
    stage.load({ routes: [{ key: REVISION, hash: "", hosts }], backends: [], certificates: [] });
    await stage.listen();
    const port = stage.addresses()[0]?.port ?? 0;
    for (let wake = 0; wake < WAKES && !signal.aborted; wake++) {
      const backend = { key: REVISION, protocol: "http1" as const, containerConcurrency: 0, ...TIMEOUTS, endpoints: [] };
      stage.plane.putBackend({ ...backend, frozen: [{ ...endpoint, thawFile }] });
      await ask(port, signal);
      // What the control plane does then; and that it sleeps again.
      stage.plane.putBackend({ ...backend, endpoints: [endpoint] });
      stage.plane.putBackend(backend);
    }
  } finally {
    await stage.stop();
    instance.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Both requests on one connection, the second when the first is answered. Throws when that is not as it should be. */
function ask(port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: HERE, port, noDelay: true, signal }, () => socket.write(FIRST));
    socket.once("data", (answer) => {
      if (String(answer).startsWith("HTTP/1.1 200 ")) socket.write(LAST);
      else socket.destroy(new Error(String(answer)));
    });
    socket
      .resume()
      .once("error", reject)
      .once("close", () => resolve());
  });
}

import { request } from "node:http";
import { sleep, TransientError, type Clock } from "@ebb/base";

export interface ProbeAddress {
  host: string;
  port: number;
}

export interface RouteProbe {
  address: ProbeAddress;
  /** The Host header. */
  host: string;
  /** What the gateway must answer with; it names all who share a host, separated by commas. */
  hash: string;
}

/** From the gateway's word that an entry is in force to its first right answer there is nothing to wait for. */
const ATTEMPTS = 20;
const PAUSE = 50;
const PATIENCE = 2000;

/** Resolves when the listener answers for the host with this very entry; after a second of other answers throws TransientError. */
export async function probeRoute(clock: Clock, probe: RouteProbe): Promise<void> {
  let last = "no answer";
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await sleep(clock, PAUSE);
    try {
      const hash = await ask(probe);
      if (hash?.split(",").includes(probe.hash)) return;
      last = hash === undefined ? "it has no such route" : "it has an older route";
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
  }
  throw new TransientError("route_probe", `the gateway does not answer for ${probe.host} yet: ${last}`);
}

function ask({ address, host }: RouteProbe): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { Host: host, "K-Network-Probe": "probe", "K-Network-Hash": "override", "User-Agent": "Knative-Ingress-Probe" };
    const sent = request({ ...address, method: "GET", path: "/healthz", headers, agent: false, timeout: PATIENCE }, (answer) => {
      answer.resume();
      const hash = answer.headers["k-network-hash"];
      resolve(typeof hash === "string" ? hash : undefined);
    });
    sent.on("timeout", () => sent.destroy(new Error("timeout")));
    sent.on("error", reject);
    sent.end();
  });
}

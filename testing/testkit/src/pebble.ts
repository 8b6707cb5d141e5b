import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { get } from "node:https";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { freePorts } from "./ports.ts";
import { tempDir } from "./temp-dir.ts";

/** Let's Encrypt's test server. */
export interface Pebble {
  directory: string;
  /** Of its own certificate. */
  ca: string;
  stop(): Promise<void>;
}

const BINARY = "/usr/bin/pebble";
export const hasPebble = existsSync(BINARY);

export interface PebbleOptions {
  /** Its own certificate for 127.0.0.1, in PEM. */
  tls: { certificate: string; key: string };
  /** Where it looks for challenges by HTTP. */
  httpPort: number;
  /** Where it asks for addresses. */
  dns: string;
  /** Seconds that its certificates live. */
  lifetime?: number;
}

export async function startPebble({ tls, httpPort, dns, lifetime }: PebbleOptions): Promise<Pebble> {
  const folder = await tempDir("ebb-pebble-");
  const [port = 0, management = 0] = await freePorts(2);
  const file = (name: string) => join(folder.path, name);
  await writeFile(file("server.crt"), tls.certificate);
  await writeFile(file("server.key"), tls.key);
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: file("server.crt"),
    privateKey: file("server.key"),
    httpPort,
    tlsPort: 1,
    ocspResponderURL: "",
    externalAccountBindingRequired: false,
    ...(lifetime === undefined ? {} : { certificateValidityPeriod: lifetime }),
  };
  await writeFile(file("config.json"), JSON.stringify({ pebble }));
  // Without its pauses that are there to find impatient clients; with the refused nonces that it sends now and then.
  const env = { ...process.env, PEBBLE_VA_NOSLEEP: "1" };
  const child = spawn(BINARY, ["-config", file("config.json"), "-dnsserver", dns], { stdio: "ignore", env });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const directory = `https://127.0.0.1:${port}/dir`;
  await eventually(() => answers(directory, tls.certificate));
  return {
    directory,
    ca: tls.certificate,
    async stop() {
      child.kill();
      await ended;
      await folder.remove();
    },
  };
}

function answers(url: string, ca: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    get(url, { ca, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on("error", reject);
  });
}

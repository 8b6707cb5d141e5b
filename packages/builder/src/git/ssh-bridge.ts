import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type ServerHostKeyAlgorithm } from "ssh2";
import type { BuildUser } from "../run/sandbox.ts";
import { hostKeys } from "./deploy-key.ts";
import type { GitSource } from "./source.ts";

/** What git starts in place of `ssh`: it hands the command over and then only copies bytes. The key is never in its reach. */
export const BRIDGE_SCRIPT = `import { connect } from "node:net";
const socket = connect({ path: process.env.EBB_GIT_SOCKET, allowHalfOpen: true });
socket.write(JSON.stringify({ command: process.argv.at(-1), protocol: process.env.GIT_PROTOCOL ?? "" }) + "\\n");
process.stdin.pipe(socket);
socket.pipe(process.stdout);
socket.on("error", () => process.exit(1));
socket.on("end", () => process.exit(0));
`;

/** The head is a line of JSON; git's own commands are short. */
const MOST_HEAD = 8192;
const READY_TIMEOUT = 20_000;
const MOST_SAID = 50;

export interface SshBridge {
  socket: string;
  /** What the server, or the connection to it, has said. */
  said: readonly string[];
  /** The key that the server showed. */
  hostKey(): string | undefined;
  close(): Promise<void>;
}

/**
 * SSH for a build's git, spoken by this process: the build gets a socket over which it may ask for `git-upload-pack`, and neither the key
 * nor a way to another address.
 */
export async function openSshBridge(source: GitSource, user: BuildUser | undefined): Promise<SshBridge> {
  const folder = await mkdtemp(join(tmpdir(), "ebb-git-"));
  const socket = join(folder, "ssh");
  const said: string[] = [];
  const say = (text: string) => {
    for (const line of text.split("\n")) if (line.trim() !== "" && said.length < MOST_SAID) said.push(line.slice(0, 500));
  };
  const open = new Set<Client>();
  let shown: string | undefined;
  const server = createServer({ allowHalfOpen: true }, (local) => {
    local.on("error", () => local.destroy());
    void serve(local, source, { say, open, show: (key) => (shown = key) }).catch((error: unknown) => {
      say(`ssh: ${error instanceof Error ? error.message : String(error)}`);
      local.destroy();
    });
  });
  server.listen(socket);
  await once(server, "listening");
  await chmod(socket, 0o600);
  if (user) for (const path of [folder, socket]) await chown(path, user.uid, user.gid);
  return {
    socket,
    said,
    hostKey: () => shown,
    async close() {
      for (const client of open) client.destroy();
      await closeServer(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

interface Told {
  say: (text: string) => void;
  show: (key: string) => void;
  open: Set<Client>;
}

async function serve(local: Socket, source: GitSource, told: Told): Promise<void> {
  const { command, protocol } = await readHead(local);
  if (!command.startsWith("git-upload-pack ")) throw new Error(`only git-upload-pack is run, not ${command.slice(0, 40)}`);
  const client = await connect(source, told);
  told.open.add(client);
  client.on("close", () => told.open.delete(client));
  client.on("error", (error) => {
    told.say(`ssh: ${error.message}`);
    local.destroy();
  });
  const env = protocol === "" ? {} : { env: { GIT_PROTOCOL: protocol } };
  client.exec(command, env, (error, remote) => {
    if (error) {
      told.say(`ssh: ${error.message}`);
      return void local.destroy();
    }
    local.pipe(remote);
    remote.pipe(local);
    remote.stderr.on("data", (chunk: Buffer) => told.say(chunk.toString()));
    remote.on("close", () => client.end());
    local.on("close", () => client.end());
  });
}

async function connect({ url, address, credential }: GitSource, { say, show }: Told): Promise<Client> {
  const { port, username } = new URL(url);
  const known = credential?.kind === "ssh" ? (hostKeys(credential.knownHosts) ?? []) : [];
  const client = new Client();
  const ready = Promise.race([once(client, "ready"), once(client, "close").then(() => Promise.reject(new Error("connection refused")))]);
  // What is thrown below has its own words; this one must not be left without a listener meanwhile.
  ready.catch(() => {});
  client.connect({
    host: address,
    port: port === "" ? 22 : Number(port),
    username: decodeURIComponent(username) || "git",
    ...(credential?.kind === "ssh" ? { privateKey: credential.key } : {}),
    readyTimeout: READY_TIMEOUT,
    keepaliveInterval: 15_000,
    ...(known.length === 0
      ? {}
      : { algorithms: { serverHostKey: { prepend: algorithmsOf(known.map(({ type }) => type)), append: [], remove: [] } } }),
    hostVerifier: (key: Buffer) => {
      const text = key.toString("base64");
      show(`${key.toString("latin1", 4, 4 + key.readUInt32BE(0))} ${text}`);
      if (known.length === 0 || known.some((one) => one.key === text)) return true;
      say("ssh: the server shows another host key than the one that is known");
      return false;
    },
  });
  await ready;
  return client;
}

/** A server with several keys shows the one that is asked for first. */
function algorithmsOf(types: readonly string[]): ServerHostKeyAlgorithm[] {
  const all: readonly ServerHostKeyAlgorithm[] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
  ];
  return all.filter((name) => types.includes(name) || (types.includes("ssh-rsa") && name.startsWith("rsa-")));
}

/** The first line; what came behind it is put back. */
function readHead(local: Socket): Promise<{ command: string; protocol: string }> {
  return new Promise((resolve, reject) => {
    let buffered = Buffer.alloc(0);
    const read = (chunk: Buffer) => {
      buffered = Buffer.concat([buffered, chunk]);
      const end = buffered.indexOf(10);
      if (end === -1 && buffered.length < MOST_HEAD) return;
      local.off("data", read);
      local.pause();
      if (end === -1) return reject(new Error("no command was given"));
      if (buffered.length > end + 1) local.unshift(buffered.subarray(end + 1));
      resolve(JSON.parse(buffered.subarray(0, end).toString()) as { command: string; protocol: string });
    };
    local.on("data", read);
    local.once("close", () => reject(new Error("closed")));
  });
}

import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type { Place } from "@ebb/api";
import { ApiError } from "@ebb/api/client";
import { WebSocket } from "ws";
import type { Connection } from "./connection.ts";
import { EXIT } from "./exit-codes.ts";
import { Failure } from "./failure.ts";
import type { Host } from "./host.ts";

/** Kubernetes' `v5.channel.k8s.io`: the first byte of a message is its channel. */
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;

export interface RemoteCommand {
  place: Place;
  command: readonly string[];
  instance: string | undefined;
  version: string | undefined;
  stdin: boolean;
  terminal: boolean;
}

/** Runs a command in an instance, joined to this process's streams; resolves with its exit code. Throws ApiError, or Failure when the connection breaks off. */
export async function runRemote(
  host: Host,
  { baseUrl, credentials }: Pick<Connection, "baseUrl" | "credentials">,
  remote: RemoteCommand,
): Promise<number> {
  const socket = new WebSocket(addressOf(baseUrl, remote), { headers: { ...credentials }, perMessageDeflate: false });
  let status: unknown;
  const write = (stream: Host["stdout"], body: Buffer) => {
    if (body.length === 0 || stream.write(body)) return;
    socket.pause();
    stream.once("drain", () => socket.resume());
  };
  socket.on("message", (data: Buffer) => {
    const body = data.subarray(1);
    if (data[0] === CHANNEL.stdout) write(host.stdout, body);
    else if (data[0] === CHANNEL.stderr) write(host.stderr, body);
    else if (data[0] === CHANNEL.status) status = parse(body.toString());
  });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const stop = () => socket.terminate();
  host.interrupted.addEventListener("abort", stop);
  try {
    await opened(socket, baseUrl);
    const detach = attach(host, socket, remote);
    await closed.finally(detach);
  } finally {
    host.interrupted.removeEventListener("abort", stop);
    socket.terminate();
  }
  if (host.interrupted.aborted) throw host.interrupted.reason;
  return exitCodeOf(status);
}

function addressOf(baseUrl: string, { place, command, instance, version, stdin, terminal }: RemoteCommand): string {
  const url = new URL(
    `${baseUrl.replace(/^http/, "ws")}/api/v1/apps/${encodeURIComponent(place.app)}/environments/${encodeURIComponent(place.env)}/exec`,
  );
  for (const word of command) url.searchParams.append("command", word);
  const flags = { instance, version, stdin: String(stdin), terminal: String(terminal) };
  for (const [name, value] of Object.entries(flags)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

async function opened(socket: WebSocket, baseUrl: string): Promise<void> {
  const refused = new Promise<never>((_, reject) =>
    socket.once("unexpected-response", (_request, response: IncomingMessage) => {
      void text(response).then((body) => reject(refusalOf(response.statusCode ?? 0, body)), reject);
    }),
  );
  try {
    await Promise.race([once(socket, "open"), refused]);
  } catch (error) {
    socket.on("error", () => undefined);
    if (error instanceof ApiError) throw error;
    throw new Failure(`No answer from the platform at ${baseUrl}`, { exit: EXIT.unreachable, cause: error });
  }
  // What breaks it off later is told by its close.
  socket.on("error", () => undefined);
}

function refusalOf(status: number, body: string): ApiError {
  const problem = parse(body);
  const detail = `Answered ${status} to a WebSocket: ${body.slice(0, 200)}`;
  const unknown = { type: "about:blank", title: "Unexpected answer", status, code: "unexpected_answer", detail };
  return new ApiError(isRecord(problem) && typeof problem["code"] === "string" ? { ...unknown, ...problem } : unknown);
}

/** Joins the input, and the size of the terminal; returns how to undo that. */
function attach({ stdin, stdout }: Host, socket: WebSocket, remote: RemoteCommand): () => void {
  const send = (channel: number, body: Uint8Array | string, sent?: () => void) =>
    socket.send(Buffer.concat([Buffer.of(channel), Buffer.from(body)]), () => sent?.());
  const onData = (chunk: Buffer | string) => {
    stdin.pause();
    send(CHANNEL.stdin, Buffer.from(chunk), () => stdin.resume());
  };
  const onEnd = () => send(CHANNEL.close, Buffer.of(CHANNEL.stdin));
  const onResize = () => send(CHANNEL.resize, JSON.stringify({ Width: stdout.columns ?? 80, Height: stdout.rows ?? 24 }));
  if (remote.terminal) {
    stdin.setRawMode?.(true);
    onResize();
    stdout.on("resize", onResize);
  }
  if (remote.stdin) stdin.on("data", onData).once("end", onEnd);
  return () => {
    stdin.off("data", onData).off("end", onEnd);
    stdin.pause();
    stdout.off("resize", onResize);
    if (remote.terminal) stdin.setRawMode?.(false);
  };
}

/** Of the Status that ends the session. */
function exitCodeOf(status: unknown): number {
  if (!isRecord(status)) throw new Failure("The connection broke off before the command had ended");
  if (status["status"] === "Success") return 0;
  const { details, message } = status;
  const causes = isRecord(details) && Array.isArray(details["causes"]) ? (details["causes"] as unknown[]) : [];
  const code = causes.filter(isRecord).find(({ reason }) => reason === "ExitCode")?.["message"];
  if (typeof code === "string" && /^\d{1,3}$/.test(code)) return Number(code);
  throw new Failure(`The command could not be run: ${typeof message === "string" ? message : "the cluster does not say why"}`);
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

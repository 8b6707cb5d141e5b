import type { Clock } from "@ebb/base";
import { isJsonObject, type StatusError } from "@ebb/kube";
import type { WebSocket } from "ws";
import type { PodLogLine } from "../rest/serve-pod-log.ts";
import { ChannelSocket } from "./channel-socket.ts";
import type { PodProcess } from "./pod-streams.ts";

/** Protocols of k8s.io/apimachinery/pkg/util/remotecommand, the best first: v5 is v4 and a message that closes a channel. */
export const COMMAND_PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
const CLOSING = "v5.channel.k8s.io";

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;
const CLOSE = 255;
/** As the kernel holds them. */
const LARGEST_SIDE = 65_535;
const NOTHING = new Uint8Array();

/** Which streams a client asked for. */
export interface Wanted {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

export interface CommandSocket {
  socket: WebSocket;
  clock: Clock;
  wanted: Wanted;
  /** What a client is told of an error in the middle. */
  failure: (error: unknown) => StatusError;
}

/** Joins a command and a client until one of them ends; the command ends with the connection. */
export async function serveProcess(
  { socket, protocol, clock, wanted, failure }: CommandSocket & { protocol: string },
  running: PodProcess,
): Promise<void> {
  const channels = new ChannelSocket(socket, clock);
  channels.onClose(() => running.end());
  channels.onMessage((channel, body) => {
    if (channel === STDIN && running.stdin) channels.pass(body, running.stdin);
    else if (channel === RESIZE) resize(running, body);
    else if (channel === CLOSE && protocol === CLOSING && body[0] === STDIN) running.stdin?.end();
  });
  const read = async (channel: number, stream: PodProcess["stderr"], isWanted: boolean) => {
    if (stream && isWanted) await channels.sendAll(channel, stream as AsyncIterable<Uint8Array>);
    else stream?.resume();
  };
  await converse(channels, wanted, failure, async () => {
    await Promise.all([read(STDOUT, running.stdout, wanted.stdout), read(STDERR, running.stderr, wanted.stderr)]);
    return exitStatus(await running.ended);
  });
  running.end();
}

/** What a Pod prints from now on, until it ends or the client does. */
export async function serveOutput({ socket, clock, wanted, failure }: CommandSocket, lines: AsyncIterable<PodLogLine>): Promise<void> {
  const channels = new ChannelSocket(socket, clock);
  await converse(channels, wanted, failure, async () => {
    for await (const { stream, text } of lines) if (wanted[stream]) await channels.send(stream === "stdout" ? STDOUT : STDERR, `${text}\n`);
    return SUCCESS;
  });
}

async function converse(
  channels: ChannelSocket,
  { stdout, stderr }: Wanted,
  failure: (error: unknown) => StatusError,
  talk: () => Promise<unknown>,
): Promise<void> {
  try {
    // An empty message on the first channel that is written tells the client that it is connected.
    await channels.send(stdout ? STDOUT : stderr ? STDERR : ERROR, NOTHING);
    const status = await talk().catch((error: unknown) => {
      if (!channels.isOpen) throw error;
      return failure(error).toBody();
    });
    await channels.send(ERROR, JSON.stringify(status));
    channels.close();
  } catch {
    // The client has gone.
  }
}

export const SUCCESS = { metadata: {}, status: "Success" };

/** As k8s.io/kubelet/pkg/cri/streaming/remotecommand tells it, which clients read. */
export function exitStatus(code: number): unknown {
  if (code === 0) return SUCCESS;
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code) }] },
  };
}

function resize(running: PodProcess, body: Buffer): void {
  const size = sizeOf(body.toString());
  // It can only be too late.
  if (size) running.resize(size).catch(() => undefined);
}

/** `{"Width":80,"Height":24}`; undefined for anything that is not a size. */
export function sizeOf(text: string): { columns: number; rows: number } | undefined {
  let size: unknown;
  try {
    size = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(size)) return undefined;
  const { Width: columns, Height: rows } = size;
  const isSide = (side: unknown): side is number => Number.isInteger(side) && Number(side) >= 1 && Number(side) <= LARGEST_SIDE;
  return isSide(columns) && isSide(rows) ? { columns, rows } : undefined;
}

import { PassThrough, type Duplex, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Clock } from "@ebb/base";
import type { StatusError } from "@ebb/kube";
import type { PodLogLine } from "../rest/serve-pod-log.ts";
import type { PodProcess } from "./pod-streams.ts";
import { exitStatus, sizeOf, SUCCESS, type Wanted } from "./remote-command.ts";
import { runSession, SpdySession, type SpdyStream } from "./spdy/session.ts";

/** k8s.io/kubelet remotecommand: the protocol in which a Status tells how a command ended, which clients offer since 2016. */
export const COMMAND_OVER_SPDY = "v4.channel.k8s.io";
/** Milliseconds in which a client must have opened its streams; the kubelet's. */
const OPENING = 30_000;
/** Milliseconds for a client that was told all to go. */
const LEAVING = 5_000;
const LONGEST_SIZE = 1024;

export interface SpdyCommand {
  connection: Duplex;
  clock: Clock;
  wanted: Wanted;
  terminal: boolean;
  /** What a client is told of an error in the middle. */
  failure: (error: unknown) => StatusError;
}
type Streams = ReadonlyMap<string, SpdyStream>;

/** Joins a command and a client until one of them ends; the command ends with the connection. */
export async function serveProcessOverSpdy(command: SpdyCommand, running: PodProcess): Promise<void> {
  const [stdout, stderr] = [held(running.stdout), held(running.stderr)];
  await converse(command, async (streams) => {
    const [stdin, sizes] = [streams.get("stdin"), streams.get("resize")];
    // A command that ends before it has read its input is none's fault.
    if (stdin && running.stdin) pipeline(stdin.input, running.stdin).catch(() => undefined);
    if (sizes) followSizes(sizes.input, running);
    await Promise.all([read(stdout, streams.get("stdout")), read(stderr, streams.get("stderr"))]);
    return exitStatus(await running.ended);
  });
  running.end();
}

/** What a Pod prints from now on, until it ends or the client does. */
export async function serveOutputOverSpdy(command: SpdyCommand, lines: AsyncIterable<PodLogLine>): Promise<void> {
  await converse(command, async (streams) => {
    for await (const { stream, text } of lines) await streams.get(stream)?.send(Buffer.from(`${text}\n`));
    return SUCCESS;
  });
}

/** Waits for the streams that were asked for, lets `talk` use them, and tells how it ended. Never throws. */
async function converse(
  { connection, clock, wanted, terminal, failure }: SpdyCommand,
  talk: (streams: Streams) => Promise<unknown>,
): Promise<void> {
  const expected = new Set(["error", ...(["stdin", "stdout", "stderr"] as const).filter((name) => wanted[name])]);
  if (terminal) expected.add("resize");
  const streams = new Map<string, SpdyStream>();
  const complete = Promise.withResolvers<void>();
  const session = new SpdySession(connection, (stream) => {
    const type = stream.headers.get("streamtype") ?? "";
    if (type !== "stdin" && type !== "resize") stream.input.resume();
    if (!expected.has(type) || streams.has(type)) return stream.finish();
    streams.set(type, stream);
    if (streams.size === expected.size) complete.resolve();
  });
  const late = clock.after(OPENING, () => connection.destroy());
  const gone = runSession(session, connection, clock);
  const conversation = async () => {
    await complete.promise;
    late.cancel();
    const status = await talk(streams).catch((error: unknown) => failure(error).toBody());
    await streams.get("error")?.send(Buffer.from(JSON.stringify(status)));
    for (const stream of streams.values()) stream.finish();
    connection.end();
  };
  // When it is the client that went, there is nobody to tell.
  await Promise.race([gone, conversation().catch(() => undefined)]);
  late.cancel();
  const leaving = clock.after(LEAVING, () => connection.destroy());
  void gone.then(() => leaving.cancel());
}

/** Read from now on: Node lets go of what a process has printed that ended before anybody read it, and the streams come a round trip later. */
function held(source: Readable | undefined): Readable | undefined {
  if (!source) return undefined;
  const output = new PassThrough();
  // A source that breaks breaks this, which whoever reads it is told.
  pipeline(source, output).catch(() => undefined);
  return output;
}

async function read(source: Readable | undefined, target: SpdyStream | undefined): Promise<void> {
  if (!source || !target) return void source?.resume();
  for await (const chunk of source as AsyncIterable<Uint8Array>) await target.send(chunk);
  target.finish();
}

/** Sizes come as JSON, one a line, and any bytes at a time. */
function followSizes(input: Readable, running: PodProcess): void {
  let rest = "";
  input.on("data", (chunk: Buffer) => {
    const lines = `${rest}${chunk.toString()}`.split("\n");
    rest = (lines.pop() ?? "").slice(0, LONGEST_SIZE);
    for (const line of lines) {
      const size = sizeOf(line);
      // It can only be too late.
      if (size) running.resize(size).catch(() => undefined);
    }
  });
}

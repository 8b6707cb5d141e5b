import { Readable } from "node:stream";
import type Docker from "dockerode";
import type { LogLine, LogOptions } from "../port.ts";
import { readFrames } from "./engine-logs.ts";

/** What a container printed; ends with `closed`, too. */
export async function* readContainerLog(
  container: Docker.Container,
  { follow = false, tail, since, signal }: LogOptions,
  closed: AbortSignal,
): AsyncGenerator<LogLine> {
  if (tail === 0 && !follow) return;
  const aborted = AbortSignal.any([closed, ...(signal ? [signal] : [])]);
  const request = {
    stdout: true,
    stderr: true,
    timestamps: true,
    abortSignal: aborted,
    ...(since === undefined ? {} : { since: Math.floor(since / 1000) }),
  };
  const query = { ...request, ...(tail === undefined || since !== undefined ? {} : { tail }) };
  let stream: Readable;
  try {
    const answer = follow ? await container.logs({ ...query, follow: true }) : await container.logs({ ...query, follow: false });
    stream = Buffer.isBuffer(answer) ? Readable.from([answer]) : (answer as unknown as Readable);
  } catch (error) {
    if (aborted.aborted) return;
    throw error;
  }
  const lines = readFrames(stream);
  try {
    if (since !== undefined && tail !== undefined && !follow) return yield* await lastLines(lines, since, tail);
    for await (const line of lines) if (since === undefined || line.time >= since) yield line;
  } catch (error) {
    if (!aborted.aborted) throw error;
  } finally {
    stream.destroy();
  }
}

async function lastLines(lines: AsyncIterable<LogLine>, since: number, tail: number): Promise<LogLine[]> {
  const last: LogLine[] = [];
  for await (const line of lines) {
    if (line.time < since) continue;
    last.push(line);
    if (last.length > tail) last.shift();
  }
  return last;
}

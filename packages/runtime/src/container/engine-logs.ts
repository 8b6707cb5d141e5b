import type { LogLine } from "../port.ts";

/** As in the log files of the process driver: longer lines are split. */
const LONGEST_LINE = 64 * 1024;
const HEADER = 8;
const STDERR = 2;

/**
 * Lines from an engine's multiplexed log stream with timestamps (Docker Engine API, "Attach to a container", stream format): frames of
 * {stream, 0, 0, 0, length} and bytes; each line starts with an RFC 3339 time.
 */
export async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<LogLine> {
  let rest: Buffer = Buffer.alloc(0);
  const open: Record<LogLine["stream"], Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  for await (const chunk of source) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER) {
      const length = rest.readUInt32BE(4);
      if (rest.length < HEADER + length) break;
      const stream = rest[0] === STDERR ? "stderr" : "stdout";
      const frame = rest.subarray(HEADER, HEADER + length);
      // Engines cut long lines into pieces and stamp each of them.
      let text = open[stream].length === 0 ? frame : Buffer.concat([open[stream], withoutStamp(frame)]);
      rest = rest.subarray(HEADER + length);
      for (let end = text.indexOf(10); end !== -1; end = text.indexOf(10)) {
        yield* toLines(text.subarray(0, end), stream);
        text = text.subarray(end + 1);
      }
      open[stream] = text;
    }
  }
  for (const stream of ["stdout", "stderr"] as const) if (open[stream].length > 0) yield* toLines(open[stream], stream);
}

function withoutStamp(frame: Buffer): Buffer {
  const LONGEST_STAMP = 40;
  const stamp = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d) /.exec(frame.subarray(0, LONGEST_STAMP).toString("latin1"));
  return stamp ? frame.subarray(stamp[0].length) : frame;
}

function* toLines(line: Buffer, stream: LogLine["stream"]): Generator<LogLine> {
  const space = line.indexOf(32);
  const stamp = line.subarray(0, Math.max(0, space)).toString("latin1");
  const parsed = Date.parse(stamp);
  const time = Number.isNaN(parsed) ? 0 : parsed;
  const text = Number.isNaN(parsed) ? line : line.subarray(space + 1);
  const end = text.at(-1) === 13 ? text.length - 1 : text.length;
  for (let at = 0; at === 0 || at < end; at += LONGEST_LINE)
    yield { time, stream, text: text.subarray(at, Math.min(end, at + LONGEST_LINE)).toString() };
}

/** The bytes of a multiplexed stream without its frames. */
export function joinFrames(stream: Buffer, most: number): string {
  const parts: Buffer[] = [];
  let size = 0;
  for (let at = 0; at + HEADER <= stream.length && size < most;) {
    const length = stream.readUInt32BE(at + 4);
    parts.push(stream.subarray(at + HEADER, at + HEADER + length));
    size += length;
    at += HEADER + length;
  }
  return Buffer.concat(parts).subarray(0, most).toString();
}

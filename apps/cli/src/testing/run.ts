import { PassThrough } from "node:stream";
import { systemClock } from "@ebb/base";
import type { Host, InputStream, OutputStream } from "../host.ts";
import { runCli } from "../run-cli.ts";

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly stdin?: string | Uint8Array;
  readonly interrupted?: AbortSignal;
  /** Makes the outputs terminals of this width. */
  readonly terminal?: number;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, against streams and an environment of its own; nothing of the machine's Ebb is seen. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const stdin: InputStream = new PassThrough();
  (stdin as PassThrough).end(options.stdin ?? "");
  const [stdout, stderr] = [collect(options.terminal), collect(options.terminal)];
  const host: Host = {
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: { PATH: process.env["PATH"] ?? "", EBB_DATA: "/nonexistent/ebb", ...options.env },
    cwd: options.cwd ?? "/",
    home: "/nonexistent",
    uid: process.getuid?.(),
    clock: systemClock,
    interrupted: options.interrupted ?? new AbortController().signal,
  };
  const code = await runCli(argv, host, "1.2.3");
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function collect(columns: number | undefined): { stream: OutputStream; text(): string } {
  const stream: OutputStream = new PassThrough();
  const chunks: string[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
  if (columns !== undefined) Object.assign(stream, { isTTY: true, columns });
  return { stream, text: () => chunks.join("") };
}

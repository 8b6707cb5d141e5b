import { open } from "node:fs/promises";
import { sleep, systemCode, type Clock } from "@ebb/base";

/** What the server says while it starts: a JSON object a line on its standard output (apps/server/src/report.ts). */
export type ServerEvent =
  | {
      readonly event: "phase";
      readonly name: string;
      readonly state: "running" | "succeeded" | "failed";
      readonly message: string;
      readonly ms?: number;
    }
  | { readonly event: "log"; readonly level?: string; readonly message: string }
  | ReadyEvent
  | { readonly event: "stopping" | "stopped" }
  | { readonly event: "error"; readonly code: string; readonly message: string; readonly hint?: string };

export interface ReadyEvent {
  readonly event: "ready";
  readonly firstRun: boolean;
  readonly console: string;
  readonly platform: string;
  readonly gateway: string;
  readonly kubeconfig: string;
}

/** A line of the server's output as an event; undefined for anything else that was printed there. */
export function parseEvent(line: string): ServerEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && typeof (value as { event?: unknown }).event === "string"
      ? (value as ServerEvent)
      : undefined;
  } catch {
    return undefined;
  }
}

export interface TailOptions {
  readonly clock: Clock;
  /** Checked when there is nothing new; what was written before it turned true is still read. */
  ended(): boolean;
  readonly signal: AbortSignal;
}

/** A progress file is a few kilobytes; it is read in pieces of this size. */
const PIECE = 64 * 1024;
const POLL_PERIOD = 50;

/** Whole lines of a file that another process writes, from its beginning, until that process has ended. Rejects when the signal is aborted. */
export async function* tailLines(path: string, options: TailOptions): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const piece = Buffer.alloc(PIECE);
  let offset = 0;
  let rest = "";
  for (;;) {
    const ended = options.ended();
    const length = await readAt(path, piece, offset);
    if (length === 0) {
      if (ended) return;
      await sleep(options.clock, POLL_PERIOD, options.signal);
      continue;
    }
    offset += length;
    const lines = (rest + decoder.decode(piece.subarray(0, length), { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

async function readAt(path: string, into: Buffer, offset: number): Promise<number> {
  try {
    const file = await open(path, "r");
    try {
      return (await file.read(into, 0, into.length, offset)).bytesRead;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) === "ENOENT") return 0;
    throw error;
  }
}

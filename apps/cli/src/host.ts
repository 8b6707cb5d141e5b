import type { Readable, Writable } from "node:stream";
import type { Clock } from "@ebb/base";

/** An output stream that may be a terminal; `process.stdout` fits. */
export type OutputStream = Writable & { isTTY?: boolean; columns?: number; rows?: number };
export type InputStream = Readable & { isTTY?: boolean; setRawMode?(raw: boolean): unknown };

/** The process around a command, as a value: tests run commands against streams and folders of their own. */
export interface Host {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  /** Undefined where the system has no users. */
  readonly uid: number | undefined;
  readonly clock: Clock;
  /** Aborted by Ctrl-C, SIGTERM or SIGHUP. */
  readonly interrupted: AbortSignal;
}

import type { Readable, Writable } from "node:stream";

export interface ExecResult {
  /** 124 when it was killed at the timeout. */
  exitCode: number;
  /** stdout and stderr, bounded. */
  output: string;
}

/** A command for somebody who waits for what it says. */
export interface SessionRequest {
  command: string[];
  /** Whether it is given an input; without one it reads nothing. */
  stdin: boolean;
  /** Whether its streams are a terminal; errors are then part of the output. */
  terminal: boolean;
}

/** Of a terminal, in characters. */
export interface TerminalSize {
  columns: number;
  rows: number;
}

/**
 * A command that runs in an instance. Its streams are read and written as fast as the other side does; each ends by itself. It has the instance's
 * user, environment and limits, and never outlives the instance.
 */
export interface Session {
  /** Present when it was asked for; ending it ends the command's input. */
  stdin?: Writable;
  stdout: Readable;
  /** Absent with a terminal. */
  stderr?: Readable;
  /** Does nothing without a terminal, and once the command has ended. */
  resize(size: TerminalSize): Promise<void>;
  /** The exit code; 128 + N when signal N ended it. What it printed may still have to be read. Never rejects. */
  ended: Promise<number>;
  /** Kills the command and what it started, and lets go of the streams. Doing it twice does nothing. */
  end(): void;
}

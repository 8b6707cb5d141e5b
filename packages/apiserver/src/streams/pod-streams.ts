import type { Duplex, Readable, Writable } from "node:stream";

export interface PodCommand {
  command: string[];
  /** One of the Pod's. */
  container: string;
  stdin: boolean;
  terminal: boolean;
}

/** A command that runs in a Pod. Streams end by themselves. */
export interface PodProcess {
  stdin?: Writable;
  stdout: Readable;
  /** Absent with a terminal. */
  stderr?: Readable;
  resize(size: { columns: number; rows: number }): Promise<void>;
  /** The exit code; never rejects. */
  ended: Promise<number>;
  /** Kills it; doing it twice does nothing. */
  end(): void;
}

/** What runs in Pods, for `exec` and `port-forward`. Both throw UserError for a Pod that runs nothing, or cannot run or reach that. */
export interface PodStreams {
  exec(namespace: string, name: string, command: PodCommand): Promise<PodProcess>;
  /** A connection to one of its TCP ports. */
  connect(namespace: string, name: string, port: number): Promise<Duplex>;
}

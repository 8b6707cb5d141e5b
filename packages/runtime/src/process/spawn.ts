import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import type { Writable } from "node:stream";
import { systemCode, TransientError } from "@ebb/base";
import type { Launch } from "./command.ts";

/** Soft ceilings of one instance. */
export interface ProcessLimits {
  /** RLIMIT_NPROC counts all processes of a user; only a user of its own makes it the instance's. */
  processes: number;
}

/** Enough for a server with thousands of connections. */
const OPEN_FILES = 65_536;

/** A shell's commands that limit itself; `ulimit -u` is `-p` in dash. */
export function limitLines(processes: string): string[] {
  return ["ulimit -c 0", `ulimit -n ${OPEN_FILES} 2>/dev/null`, `{ ulimit -u ${processes} || ulimit -p ${processes}; } 2>/dev/null`];
}

/** What goes before a command that gets no more rights by what it executes. */
export function guardOf(setpriv: string | undefined): string[] {
  return setpriv === undefined ? [] : [setpriv, "--no-new-privs", "--"];
}

/**
 * Runs before the program, already as the instance's user and with its environment, so nothing in that environment can reach a privileged
 * process. It waits for a line on descriptor 3: until Ebb has recorded the process and put it into its control groups, nothing of the
 * application runs, and if Ebb dies before, the read ends and so does this.
 */
const script = (then: string) => `IFS= read -r go <&3 || exit 125
${then}
${limitLines('"$1"').join("\n")}
shift
exec "$@"`;
const SCRIPT = script("exec 3<&-");
/** The program has a gate of its own, on the same descriptor. */
const GATED_SCRIPT = script(":");

interface SpawnOptions {
  launch: Launch;
  uid: number | undefined;
  limits: ProcessLimits;
  /** Path of setpriv(1), when there is one. */
  setpriv: string | undefined;
  /** FIFOs; without them the output comes by the child's streams. */
  fifos?: { stdout: string; stderr: string };
  /** A FIFO to wait at, instead of a pipe that only this process can write to. */
  gate?: string;
  /** The program itself waits on descriptor 3, too. */
  gated?: boolean;
  /** Gives it an input, by the child's stream. */
  stdin?: boolean;
}

export interface Spawned {
  child: ChildProcess;
  pid: number;
  /** Lets a gated program start, as far as its own gate. */
  admit(): void;
  /** Lets the program start. One with a gate of its own reads `word` there, on a line. */
  release(word?: string): void;
  /** It ends at its gate instead. */
  giveUp(): void;
}

/** Starts a process in a session of its own that waits for `release`. Throws TransientError `SpawnFailed`. */
export async function spawnWaiting(options: SpawnOptions): Promise<Spawned> {
  const { launch, uid, limits } = options;
  const outputs = options.fifos ? [options.fifos.stdout, options.fifos.stderr].map((path) => openSync(path, constants.O_RDWR)) : [];
  const [stdout, stderr] = outputs;
  const fifo = options.gate === undefined ? undefined : new FifoGate(options.gate);
  try {
    const child = spawn(
      "/bin/sh",
      ["-c", options.gated ? GATED_SCRIPT : SCRIPT, "ebb", String(limits.processes), ...guardOf(options.setpriv), ...launch.command],
      {
        cwd: launch.cwd,
        env: launch.env,
        detached: true,
        stdio: [options.stdin ? "pipe" : "ignore", stdout ?? "pipe", stderr ?? "pipe", fifo?.reader ?? "pipe"],
        // libuv clears the supplementary groups too.
        ...(uid !== undefined && { uid, gid: uid }),
      },
    );
    const gate = fifo ?? pipeGate(child.stdio[3] as Writable);
    await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    const pid = child.pid;
    if (pid === undefined) throw new Error("a process without an id");
    return { child, pid, admit: () => gate.admit(), release: (word) => gate.release(word), giveUp: () => gate.giveUp() };
  } catch (cause) {
    fifo?.giveUp();
    throw new TransientError("SpawnFailed", `the process could not be started (${systemCode(cause) ?? "unknown"})`, { cause });
  } finally {
    for (const descriptor of outputs) closeSync(descriptor);
    fifo?.passedOn();
  }
}

type Gate = Pick<Spawned, "admit" | "release" | "giveUp">;

function pipeGate(pipe: Writable): Gate {
  // The process may be killed before it reads; its exit tells.
  pipe.on("error", () => undefined);
  return { admit: () => void pipe.write("go\n"), release: (word = "go") => void pipe.end(`${word}\n`), giveUp: () => void pipe.destroy() };
}

/** Held open for writing until it is let go, so that its end comes when this process does. */
class FifoGate implements Gate {
  readonly reader: number;
  #writer: number | undefined;

  constructor(path: string) {
    // Either end alone would wait for the other.
    const both = openSync(path, constants.O_RDWR);
    this.reader = openSync(path, constants.O_RDONLY);
    this.#writer = openSync(path, constants.O_WRONLY);
    closeSync(both);
  }

  /** The process has its end. */
  passedOn(): void {
    closeSync(this.reader);
  }
  admit(): void {
    this.#say("go");
  }
  release(word = "go"): void {
    this.#say(word);
    this.giveUp();
  }
  #say(word: string): void {
    try {
      if (this.#writer !== undefined) writeSync(this.#writer, `${word}\n`);
    } catch {
      // It was killed, or somebody else has let it go.
    }
  }
  giveUp(): void {
    if (this.#writer !== undefined) closeSync(this.#writer);
    this.#writer = undefined;
  }
}

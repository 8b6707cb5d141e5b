import { execFile } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import { constants } from "node:os";
import { sleep, UserError, type Clock } from "@ebb/base";
import { FirstSize } from "../first-size.ts";
import type { Session, TerminalSize } from "../port.ts";
import type { Entrance } from "./exec.ts";
import { findProgram } from "./programs.ts";
import { spawnWaiting } from "./spawn.ts";
import { descendants } from "./usage.ts";

/** script(1) has its terminal a few milliseconds after it was started. */
const TERMINAL_PATIENCE = 5000;
const TERMINAL_POLL = 5;

interface SessionOptions extends Entrance {
  stdin: boolean;
  terminal: boolean;
}

/**
 * Starts a command as one of an instance's processes. Node.js cannot make a terminal; script(1) of util-linux does, and passes on what goes through
 * it. What the command has left in its own process group when it ends is killed, as it would hold the streams open; a daemon goes on with the instance.
 */
export async function openProcessSession(options: SessionOptions): Promise<Session> {
  const { terminal, stdin, clock } = options;
  const launch = terminal ? onTerminal(options.launch) : options.launch;
  const { child, pid, admit, release } = await spawnWaiting({ ...options, launch, stdin, gated: terminal });
  const { stdin: input, stdout, stderr } = child;
  if (!stdout || !stderr) throw new TypeError("a process without output");
  // Whoever reads sees the end; a command that reads no more is no failure.
  for (const stream of [input, stdout, stderr]) stream?.on("error", () => undefined);
  let over = false;
  const ended = Promise.withResolvers<number>();
  let first: FirstSize | undefined;
  child.once("exit", (code, signal) => {
    over = true;
    first?.cancel();
    kill(-pid);
    ended.resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]);
  });
  try {
    await options.join(pid);
  } catch {
    // The instance is ending; so will this.
  }
  if (terminal) {
    admit();
    first = new FirstSize(clock, (size) => release(size ? modesOf(size).join(" ") : ""));
    // Only script itself could say something there.
    stderr.resume();
  } else release();
  let resized: Promise<void> = Promise.resolve();
  return {
    ...(input ? { stdin: input } : {}),
    stdout,
    ...(terminal ? {} : { stderr }),
    resize: (size) => {
      if (!terminal || first?.take(size)) return resized;
      return (resized = resized.then(() => resizeTerminal({ pid, size, clock, isOver: () => over })));
    },
    ended: ended.promise,
    end() {
      if (!over) for (const process of descendants(pid)) kill(process);
      for (const stream of [input, stdout, stderr]) stream?.destroy();
    },
  };
}

/** It waits at the gate, on its terminal already, for the size to give that, and ends there when whoever would tell it has died. */
function onTerminal(launch: SessionOptions["launch"]): SessionOptions["launch"] {
  const script = findProgram("script");
  if (script === undefined) {
    throw new UserError("NoTerminal", "this machine has no script(1), which makes terminals", {
      hint: "Install util-linux (on Debian: bsdutils), or run the command without a terminal.",
    });
  }
  const words = launch.command.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`);
  const stty = findProgram("stty");
  const sized = `IFS= read -r size <&3 || exit; exec 3<&-; ${stty === undefined ? "" : `[ -z "$size" ] || ${stty} $size; `}exec ${words.join(" ")}`;
  const flags = ["--quiet", "--return", "--flush", "--echo", "always", "--command", sized, "/dev/null"];
  // The shell with which script runs its command is the one in SHELL.
  return { ...launch, command: [script, ...flags], env: { TERM: "xterm", ...launch.env, SHELL: "/bin/sh" } };
}

interface Resize {
  pid: number;
  size: TerminalSize;
  clock: Clock;
  isOver: () => boolean;
}

async function resizeTerminal({ pid, size, clock, isOver }: Resize): Promise<void> {
  const stty = findProgram("stty");
  const deadline = clock.monotonic() + TERMINAL_PATIENCE;
  let terminal = terminalOf(pid);
  while (terminal === undefined && !isOver() && clock.monotonic() < deadline) {
    await sleep(clock, TERMINAL_POLL);
    terminal = terminalOf(pid);
  }
  if (stty === undefined || terminal === undefined || isOver()) return;
  const arguments_ = ["-F", terminal, ...modesOf(size)];
  // It fails when the command has ended meanwhile.
  await new Promise<void>((resolve) => execFile(stty, arguments_, { env: {}, timeout: TERMINAL_PATIENCE }, () => resolve()));
}

/** As stty(1) takes them. */
function modesOf({ rows, columns }: TerminalSize): string[] {
  return ["rows", String(rows), "cols", String(columns)];
}

/** The terminal that script(1) holds open. */
function terminalOf(pid: number): string | undefined {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder)
      .map((descriptor) => readlinkSync(`${folder}/${descriptor}`))
      .find((path) => /^\/dev\/pts\/\d+$/.test(path));
  } catch {
    // It has ended, or closed one meanwhile.
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

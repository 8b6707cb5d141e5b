import { once } from "node:events";
import { PassThrough, type Duplex } from "node:stream";
import type Docker from "dockerode";
import { sleep, UserError, type Clock } from "@ebb/base";
import { FirstSize } from "../first-size.ts";
import type { Session, SessionRequest, TerminalSize } from "../port.ts";
import { descendants } from "../process/usage.ts";
import { demultiplex } from "./engine-frames.ts";
import { engineStatus } from "./engine-errors.ts";

/** The engine knows the exit code a moment after the output's end. */
const EXIT_POLL = 20;
const EXIT_PATIENCE = 10_000;
/** What the engine is asked for when it does not say how a command ended: as an unhappy shell. */
const UNKNOWN_EXIT = 255;

/** What a shell says of a command that cannot be run. */
const NOT_RUN = 127;

/**
 * Starts a command in a container by the engine's API (exec create, exec start with a taken-over connection). Throws UserError `CannotExec`; one on a
 * terminal starts behind this, with the terminal's size, and says there what is wrong.
 */
export async function openContainerSession(container: Docker.Container, request: SessionRequest, clock: Clock): Promise<Session> {
  const { command, stdin, terminal } = request;
  const exec = await orRefused(() =>
    container.exec({
      Cmd: command,
      AttachStdin: stdin,
      AttachStdout: true,
      AttachStderr: true,
      Tty: terminal,
      ...(terminal ? { Env: ["TERM=xterm"] } : {}),
    }),
  );
  const opened = Promise.withResolvers<Duplex>();
  const closed = new AbortController();
  const begin = (size?: TerminalSize) => start(exec, request, size).then(take).then(opened.resolve, opened.reject);
  // It may have been ended while the engine was starting it.
  const take = (stream: Duplex) => {
    stream.on("error", () => undefined);
    const end = () => {
      stream.destroy();
      void endCommand(exec, clock);
    };
    if (closed.signal.aborted) end();
    else closed.signal.addEventListener("abort", end);
    return stream;
  };
  const first = terminal ? new FirstSize(clock, (size) => void begin(size)) : undefined;
  if (!first) await begin().then(() => opened.promise);
  const input = stdin ? new PassThrough() : undefined;
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  // The connection breaks when the container is stopped; the exit code tells.
  for (const one of [input, stdout, stderr]) one?.on("error", () => undefined);
  const read = async () => {
    let code: number | undefined;
    try {
      const stream = await opened.promise.catch((error: unknown) => {
        code = error instanceof UserError ? NOT_RUN : UNKNOWN_EXIT;
        throw error;
      });
      input?.pipe(stream);
      if (terminal) await copy(stream, stdout, closed.signal);
      else await demultiplex(stream, (part, channel) => push(channel === "stderr" ? stderr : stdout, part, closed.signal));
    } catch (error) {
      if (error instanceof UserError) stdout.write(`${error.message}\r\n`);
    }
    stdout.end();
    stderr.end();
    return code ?? exitCode(exec, clock);
  };
  return {
    ...(input ? { stdin: input } : {}),
    stdout,
    ...(terminal ? {} : { stderr }),
    resize: async ({ columns, rows }) => {
      if (!first || first.take({ columns, rows })) return;
      // It fails when the command has ended meanwhile.
      await opened.promise.then(() => exec.resize({ w: columns, h: rows })).catch(() => undefined);
    },
    ended: read(),
    end() {
      if (closed.signal.aborted) return;
      first?.cancel();
      opened.reject(new Error("ended before it began"));
      closed.abort();
      for (const one of [input, stdout, stderr]) one?.destroy();
    },
  };
}

/** The size in Docker's words and in Podman's. */
function start(exec: Docker.Exec, { stdin, terminal }: SessionRequest, size: TerminalSize | undefined): Promise<Duplex> {
  const sized = size ? { ConsoleSize: [size.rows, size.columns], h: size.rows, w: size.columns } : {};
  return orRefused(() => exec.start({ hijack: true, stdin, Tty: terminal, ...sized }));
}

async function orRefused<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (engineStatus(cause) === undefined) throw cause;
    throw new UserError("CannotExec", `the container engine would not run it: ${(cause as Error).message.slice(0, 500)}`, {
      cause,
    });
  }
}

async function copy(source: Duplex, target: PassThrough, signal: AbortSignal): Promise<void> {
  for await (const chunk of source as AsyncIterable<Buffer>) await push(target, chunk, signal);
}

async function push(target: PassThrough, part: Buffer, signal: AbortSignal): Promise<void> {
  if (!target.write(part)) await once(target, "drain", { signal });
}

async function exitCode(exec: Docker.Exec, clock: Clock): Promise<number> {
  const deadline = clock.monotonic() + EXIT_PATIENCE;
  try {
    while (clock.monotonic() < deadline) {
      const state = await exec.inspect();
      if (!state.Running) return state.ExitCode ?? UNKNOWN_EXIT;
      await sleep(clock, EXIT_POLL);
    }
  } catch {
    // The container has gone, and with it what the engine knew.
  }
  return UNKNOWN_EXIT;
}

/**
 * The engine has no way to end a command; where it runs on this machine and as root, the kernel has. The connection may be there a moment before the
 * command's process is.
 */
async function endCommand(exec: Docker.Exec, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + EXIT_PATIENCE;
  try {
    while (clock.monotonic() < deadline) {
      const { Running, Pid, ExitCode } = await exec.inspect();
      if (Running && Pid) for (const pid of descendants(Pid)) process.kill(pid, "SIGKILL");
      if (Pid || (!Running && ExitCode !== null)) return;
      await sleep(clock, EXIT_POLL);
    }
  } catch {
    // It has ended by itself, or belongs to a user who is not us.
  }
}

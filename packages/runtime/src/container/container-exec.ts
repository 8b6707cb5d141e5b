import type Docker from "dockerode";
import { sleep, type Clock } from "@ebb/base";
import type { ExecResult } from "../port.ts";
import { joinFrames } from "./engine-logs.ts";
import { killIfOurs } from "./gone-watch.ts";

const LARGEST_OUTPUT = 256 * 1024;
/** timeout(1) */
const TIMED_OUT = 124;

interface ExecOptions {
  command: string[];
  timeoutSeconds: number;
  clock: Clock;
}

/** Runs a command in a container and keeps what it prints; after the timeout it is killed and the exit code is 124. */
export async function execInContainer(container: Docker.Container, { command, timeoutSeconds, clock }: ExecOptions): Promise<ExecResult> {
  const exec = await container.exec({ Cmd: command, AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({ hijack: true, stdin: false });
  const chunks: Buffer[] = [];
  let size = 0;
  const ended = new Promise<"ended">((resolve, reject) => {
    stream.on("data", (chunk: Buffer) => {
      if (size < LARGEST_OUTPUT) chunks.push(chunk);
      size += chunk.length;
    });
    stream
      .once("end", () => resolve("ended"))
      .once("close", () => resolve("ended"))
      .once("error", reject);
  });
  const late = new AbortController();
  const timeout = sleep(clock, timeoutSeconds * 1000, late.signal).then(
    () => "late" as const,
    () => "ended" as const,
  );
  const outcome = await Promise.race([ended, timeout]);
  late.abort();
  stream.destroy();
  const output = joinFrames(Buffer.concat(chunks), LARGEST_OUTPUT);
  const state = await exec.inspect();
  if (outcome === "ended") return { exitCode: state.ExitCode ?? TIMED_OUT, output };
  killIfOurs(state.Pid);
  return { exitCode: TIMED_OUT, output };
}

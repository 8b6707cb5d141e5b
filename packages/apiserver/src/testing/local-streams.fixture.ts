import { spawn } from "node:child_process";
import { connect } from "node:net";
import type { PodCommand, PodProcess, PodStreams } from "../streams/pod-streams.ts";

/** Commands as processes of this machine, connections to its loopback; tells what it was asked for and what still runs. */
export function localStreams() {
  const asked: string[] = [];
  const sizes: string[] = [];
  const running = new Set<number>();
  const exec = async (namespace: string, name: string, { command, container, stdin, terminal }: PodCommand): Promise<PodProcess> => {
    asked.push(`${namespace}/${name}/${container}${stdin ? " stdin" : ""}${terminal ? " terminal" : ""}`);
    const [program = "", ...words] = command;
    const child = spawn(program, words, { stdio: ["pipe", "pipe", "pipe"] });
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on("error", () => undefined);
    await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    const pid = child.pid ?? 0;
    running.add(pid);
    if (!stdin) child.stdin.end();
    return {
      ...(stdin ? { stdin: child.stdin } : {}),
      stdout: child.stdout,
      ...(terminal ? {} : { stderr: child.stderr }),
      resize: async ({ columns, rows }) => void sizes.push(`${columns}x${rows}`),
      ended: new Promise((resolve) =>
        child.once("exit", (code) => {
          running.delete(pid);
          resolve(code ?? 137);
        }),
      ),
      end: () => void child.kill("SIGKILL"),
    };
  };
  const podStreams: PodStreams = {
    exec,
    connect: (_namespace, _name, port) =>
      new Promise((resolve, reject) => {
        const socket = connect(port, "127.0.0.1", () => resolve(socket));
        socket.once("error", reject);
      }),
  };
  return { podStreams, asked, sizes, running };
}

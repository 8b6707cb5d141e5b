import type { KubeObject } from "@ebb/kube";
import { flagOf } from "../rest/request-options.ts";

/** v1 PodExecOptions, PodAttachOptions or PodPortForwardOptions, as they travel in a query: of all of them, what is served here. */
const KINDS: Readonly<Record<string, string>> = {
  exec: "PodExecOptions",
  attach: "PodAttachOptions",
  portforward: "PodPortForwardOptions",
};
const FLAGS = ["stdin", "stdout", "stderr", "tty"] as const;

interface ConnectOptions {
  container?: string;
  command?: string[];
  ports?: number[];
  stdin?: boolean;
  stdout?: boolean;
  stderr?: boolean;
  tty?: boolean;
}

/** What a request for a stream asks for, as admission is shown it. It is an object without metadata. */
export function connectOptions(subresource: string, query: URLSearchParams): KubeObject {
  const container = query.get("container");
  const command = query.getAll("command");
  const ports = query.getAll("ports").flatMap((list) => list.split(",").map(Number));
  const options: ConnectOptions = {
    ...Object.fromEntries(FLAGS.flatMap((name) => (flagOf(query, name) ? [[name, true]] : []))),
    ...(container ? { container } : {}),
    ...(command.length > 0 ? { command } : {}),
    ...(ports.length > 0 ? { ports } : {}),
  };
  return { kind: KINDS[subresource] ?? "", apiVersion: "v1", ...options } as unknown as KubeObject;
}

/** The query that asks for this. */
export function connectQuery(options: KubeObject): URLSearchParams {
  const { container, command = [], ports = [], ...flags } = options as unknown as ConnectOptions;
  const query = new URLSearchParams();
  for (const name of FLAGS) if (flags[name] === true) query.set(name, "true");
  if (container) query.set("container", container);
  for (const part of command) query.append("command", part);
  for (const port of ports) query.append("ports", String(port));
  return query;
}

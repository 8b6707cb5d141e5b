import type { Duplex } from "node:stream";
import type { Clock, Logger } from "@ebb/base";
import { badRequest, type Pod, type StatusError } from "@ebb/kube";
import type { WebSocket } from "ws";
import type { Authorize } from "../authz/attributes.ts";
import { denial } from "../authz/denial.ts";
import type { User } from "../registry/request-context.ts";
import type { Registry } from "../registry/registry.ts";
import type { Target } from "../registry/staged-write.ts";
import { containerOf } from "../rest/container-of.ts";
import { flagOf } from "../rest/request-options.ts";
import { notAllowed, statusOf } from "../rest/respond.ts";
import type { PodLogs } from "../rest/serve-pod-log.ts";
import type { PodStreams } from "./pod-streams.ts";
import { COMMAND_OVER_SPDY, serveOutputOverSpdy, serveProcessOverSpdy, type SpdyCommand } from "./command-over-spdy.ts";
import { FORWARD_OVER_SPDY, FORWARD_PROTOCOLS, portsOf, serveForward, serveForwardOverSpdy } from "./port-forward.ts";
import { COMMAND_PROTOCOLS, serveOutput, serveProcess, type CommandSocket, type Wanted } from "./remote-command.ts";

export interface StreamRequest {
  method: string;
  query: URLSearchParams;
  user: User;
}

export interface StreamDeps {
  registry: Registry;
  authorize: Authorize;
  clock: Clock;
  log: Logger;
  podLogs: PodLogs;
  podStreams: PodStreams;
}

/** What will be joined to a client's WebSocket, or to its SPDY/3.1. */
export interface OpenStream {
  /** Ends when the socket has been closed or lost. `protocol` is the one that was chosen of the plan's. */
  serve(socket: WebSocket, protocol: string): Promise<void>;
  /** The same for a connection on which the client speaks SPDY. */
  serveSpdy(connection: Duplex): Promise<void>;
  /** Lets go of it, when there will be no socket. */
  abandon(): void;
}

/** A request that may be made, before anything has happened. */
export interface StreamPlan {
  /** WebSocket subprotocols, the best first. */
  protocols: readonly string[];
  /** What is spoken over SPDY. */
  spdyProtocol: string;
  /** Throws StatusError or UserError when there is nothing to join. */
  open(): Promise<OpenStream>;
}

type Planner = (request: StreamRequest, target: Target, deps: StreamDeps) => StreamPlan;

const PLANNERS: Readonly<Record<string, Planner>> = { exec: planExec, attach: planAttach, portforward: planForward };

/** Of a Pod, the subresources that are streams both ways. */
export function isStream({ kind }: Target, subresource: string): boolean {
  return kind.group === "" && kind.kind === "Pod" && Object.hasOwn(PLANNERS, subresource);
}

/**
 * Checks a request for a stream, as k8s.io/kubernetes pkg/registry/core/pod does. The request's line has been authorised; a GET as `get`, which is
 * what people give to those who may look, so `create` is asked for too, as Kubernetes does from 1.35 on. Throws StatusError.
 */
export function planStream(request: StreamRequest, target: Target, subresource: string, deps: StreamDeps): StreamPlan {
  const planner = PLANNERS[subresource];
  if (!planner || (request.method !== "GET" && request.method !== "POST")) throw notAllowed(request.method);
  const { user } = request;
  const { namespace = "", name } = target;
  const attributes = { user, verb: "create", group: "", resource: `pods/${subresource}`, namespace, name };
  if (!deps.authorize(attributes).allowed) throw denial(attributes);
  return planner(request, target, deps);
}

/** Of a request that asks for a stream and does not speak WebSocket. */
export function upgradeRequired(protocols: readonly string[]): StatusError {
  return badRequest(`Upgrade request required: this is served over WebSocket (subprotocols ${protocols.join(", ")}) and SPDY/3.1 alone`);
}

function planExec({ query, user }: StreamRequest, target: Target, { registry, clock, log, podStreams }: StreamDeps): StreamPlan {
  const command = query.getAll("command");
  const wanted = wantedOf(query);
  if (command.length === 0 || command[0] === "") throw badRequest("you must specify at least one command for the container");
  const container = containerOf(registry.get(target) as Pod, query.get("container"));
  const { namespace = "", name } = target;
  return {
    protocols: COMMAND_PROTOCOLS,
    spdyProtocol: COMMAND_OVER_SPDY,
    async open() {
      log.info({ user: user.name, pod: `${namespace}/${name}`, program: command[0] }, "a command is run in a Pod");
      const options = { command, container, stdin: wanted.stdin, terminal: flagOf(query, "tty") };
      const running = await podStreams.exec(namespace, name, options);
      return {
        serve: (socket, protocol) => serveProcess({ ...socketOf(socket, wanted, { clock, log }), protocol }, running),
        serveSpdy: (connection) =>
          serveProcessOverSpdy(spdyOf(connection, { wanted, terminal: options.terminal }, { clock, log }), running),
        abandon: () => running.end(),
      };
    },
  };
}

function planAttach({ query }: StreamRequest, target: Target, { registry, clock, log, podLogs }: StreamDeps): StreamPlan {
  const wanted = wantedOf(query);
  const container = containerOf(registry.get(target) as Pod, query.get("container"));
  if (flagOf(query, "tty")) throw badRequest("a TTY was asked for, but the container has none");
  if (wanted.stdin) throw badRequest("stdin was asked for, but the container was started without an input: use exec to run a shell in it");
  const { namespace = "", name } = target;
  const gone = new AbortController();
  return {
    protocols: COMMAND_PROTOCOLS,
    spdyProtocol: COMMAND_OVER_SPDY,
    open() {
      const lines = podLogs(namespace, name, { container, follow: true, tail: 0, signal: gone.signal });
      const serve = (socket: WebSocket) => {
        socket.once("close", () => gone.abort());
        return serveOutput(socketOf(socket, wanted, { clock, log }), lines);
      };
      const serveSpdy = (connection: Duplex) => {
        connection.once("close", () => gone.abort());
        return serveOutputOverSpdy(spdyOf(connection, { wanted, terminal: false }, { clock, log }), lines);
      };
      return Promise.resolve({ serve, serveSpdy, abandon: () => gone.abort() });
    },
  };
}

function planForward({ query, user }: StreamRequest, target: Target, { registry, clock, log, podStreams }: StreamDeps): StreamPlan {
  registry.get(target);
  const ports = portsOf(query);
  const { namespace = "", name } = target;
  const connect = (port: number) => podStreams.connect(namespace, name, port);
  const failure = (error: unknown) => statusOf(error, log);
  const serve = (socket: WebSocket, protocol: string) => serveForward({ socket, protocol, clock, ports, connect, failure });
  const serveSpdy = (connection: Duplex) => serveForwardOverSpdy(connection, { clock, connect, failure });
  return {
    protocols: FORWARD_PROTOCOLS,
    spdyProtocol: FORWARD_OVER_SPDY,
    open() {
      log.info({ user: user.name, pod: `${namespace}/${name}` }, "ports of a Pod are forwarded");
      return Promise.resolve({ serve, serveSpdy, abandon: () => undefined });
    },
  };
}

function socketOf(socket: WebSocket, wanted: Wanted, { clock, log }: Pick<StreamDeps, "clock" | "log">): CommandSocket {
  return { socket, clock, wanted, failure: (error) => statusOf(error, log) };
}

function spdyOf(
  connection: Duplex,
  wanted: Pick<SpdyCommand, "wanted" | "terminal">,
  { clock, log }: Pick<StreamDeps, "clock" | "log">,
): SpdyCommand {
  return { connection, clock, ...wanted, failure: (error) => statusOf(error, log) };
}

function wantedOf(query: URLSearchParams): Wanted {
  const [stdin, stdout, stderr] = (["stdin", "stdout", "stderr"] as const).map((name) => flagOf(query, name));
  if (!stdin && !stdout && !stderr) throw badRequest("you must specify at least 1 of stdin, stdout, stderr");
  return { stdin: stdin === true, stdout: stdout === true, stderr: stderr === true };
}

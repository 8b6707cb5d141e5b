import { once } from "node:events";
import type { Socket } from "node:net";
import { systemClock } from "@ebb/base";
import { eventually } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import type { OutgoingRequest, UpstreamEvents } from "../core/ports.ts";
import { Sweep } from "../core/sweep.ts";
import { HeadScanner } from "../http1/head-scanner.ts";
import { bareRequest } from "../http1/heads.ts";
import { ResponseInterpreter } from "../http1/response-head.ts";
import { Places } from "../io/places.ts";
import { createTransport } from "../io/transport.ts";
import { TurnClock } from "../io/turn-clock.ts";
import { DEFAULT_LIMITS } from "../limits.ts";
import { rawServer } from "../test-gateway.ts";
import { Http1Connections } from "./http1-connections.ts";

const NEED = { repeatable: false, fresh: false };
const POST: OutgoingRequest = {
  head: { ...bareRequest("http/1.1", "POST", "/"), authority: "app.test", framing: "length", length: 4 },
  fields: { client: "", forwarding: "", passing: "" },
};

function connectionsTo(port: number): Http1Connections {
  const clock = new TurnClock(systemClock);
  const sweep = new Sweep(clock, 100);
  const places = new Places();
  const deps = {
    clock,
    sweep,
    places,
    limits: DEFAULT_LIMITS,
    transport: createTransport("native", clock, places),
    scanner: new HeadScanner(DEFAULT_LIMITS),
    responses: new ResponseInterpreter(DEFAULT_LIMITS.headers),
  };
  const connections = new Http1Connections({ id: "a", host: "127.0.0.1", port }, deps);
  onTestFinished(() => {
    connections.closeIdle();
    sweep.stop();
  });
  return connections;
}

/** Tells what is told of a request; the answer is paused from its head on. */
function record(told: string[], pause: () => void): UpstreamEvents {
  const tell = (event: string) => () => void told.push(event);
  return {
    upstreamReady: tell("ready"),
    upstreamInform: tell("inform"),
    upstreamAnswer: () => {
      told.push("answer");
      pause();
    },
    upstreamSwitched: tell("switched"),
    upstreamData: (chunk) => void told.push(chunk.toString()),
    upstreamEnd: tell("end"),
    upstreamDrained: tell("drained"),
    upstreamFlush: () => undefined,
    upstreamFailed: (failure) => void told.push(failure),
  };
}

test("a connection that has been reset is not kept for the next request, though its answer was whole", async () => {
  const app = await rawServer((socket) => void socket.pause().write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  const connections = connectionsTo(app.port);
  const upstream = connections.open(NEED);
  const told: string[] = [];
  upstream.attach(record(told, () => upstream.pauseAnswer()));
  await eventually(() => told.length === 1);
  upstream.send(POST);
  upstream.flush();
  await eventually(() => told.at(-1) === "answer");
  const [peer] = app.connections as [Socket];
  peer.resetAndDestroy();
  await once(peer, "close");
  upstream.write(Buffer.from("body"));
  upstream.end("");
  await new Promise((resolve) => setImmediate(resolve));
  upstream.resumeAnswer();
  expect(told).toEqual(["ready", "answer", "ok", "end"]);
  const next = connections.open(NEED);
  expect(next).not.toBe(upstream);
  next.abort();
});

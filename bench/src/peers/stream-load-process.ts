/** The other end of stream-origin-process: `events|websocket|grpc PORT CONNECTIONS SECONDS`; prints how many messages came back. */
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { CLIENT_FRAME, EVENT, GRPC_MESSAGE, SERVER_FRAME } from "./stream-messages.ts";

const [, , kind = "", port = "", connections = "", seconds = ""] = process.argv;
let count = 0;

/** Resolves when the head of the answer is here. */
async function ask(head: string, status: number): Promise<Socket> {
  const socket = connect({ port: Number(port), host: "127.0.0.1", noDelay: true });
  socket.write(`GET /bench HTTP/1.1\r\nHost: bench.test\r\n${head}\r\n`);
  const [chunk] = (await once(socket, "data")) as [Buffer];
  if (!chunk.toString("latin1").startsWith(`HTTP/1.1 ${status}`)) throw new Error(chunk.toString("latin1", 0, 200));
  return socket;
}

async function events(): Promise<void> {
  const socket = await ask("Accept: text/event-stream\r\n", 200);
  // Counted by their line ends, as each proxy cuts and frames them in its own way.
  socket.on("data", (chunk: Buffer) => {
    for (let at = chunk.indexOf(EVENT_END); at >= 0; at = chunk.indexOf(EVENT_END, at + 2)) count++;
  });
}
const EVENT_END = EVENT.slice(-2);

async function websocket(): Promise<void> {
  const key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
  const socket = await ask(`Connection: Upgrade\r\nUpgrade: websocket\r\n${key}`, 101);
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => {
    for (bytes += chunk.length; bytes >= SERVER_FRAME.length; bytes -= SERVER_FRAME.length) {
      count++;
      socket.write(CLIENT_FRAME);
    }
  });
  socket.write(CLIENT_FRAME);
}

/** Calls under way on one connection. */
const CALLS = 16;

async function grpc(): Promise<void> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const call = () => {
    const head = {
      ":method": "POST",
      ":path": "/bench.Echo/Say",
      ":authority": "bench.test",
      "content-type": "application/grpc",
      te: "trailers",
    };
    const stream = session.request(head);
    stream.on("trailers", (trailers) => {
      if (trailers["grpc-status"] !== "0") throw new Error(`a call ended with ${trailers["grpc-status"]}`);
      count++;
    });
    stream.on("close", call);
    stream.resume();
    stream.end(GRPC_MESSAGE);
  };
  await once(session, "connect");
  for (let i = 0; i < CALLS; i++) call();
}

const KINDS: Readonly<Record<string, () => Promise<void>>> = { events, websocket, grpc };
const open = KINDS[kind];
if (!open) throw new Error(`there are ${Object.keys(KINDS).join(", ")}`);
for (let i = 0; i < Number(connections); i++) await open();
const before = count;
await wait(Number(seconds) * 1000);
console.log(count - before);
process.exit();

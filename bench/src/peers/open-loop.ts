import { connect, type Socket } from "node:net";

export interface OpenLoad {
  port: number;
  /** Requests a second, whatever the answers take. */
  rate: number;
  connections: number;
  seconds: number;
}

const REQUEST = "GET /bench HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: ebb-bench\r\nAccept: */*\r\n\r\n";

/**
 * Requests at fixed times on kept connections; one that finds none free waits, and its time counts from when it was due, so that a stall is
 * not hidden by the requests that it kept from being sent (coordinated omission). Returns milliseconds, sorted.
 */
export async function openLoop({ port, rate, connections, seconds }: OpenLoad): Promise<number[]> {
  const idle: Socket[] = [];
  const due: number[] = [];
  const times: number[] = [];
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  const began = performance.now();
  const total = Math.floor(rate * seconds);
  let planned = 0;
  const finished = Promise.withResolvers<void>();
  const send = (socket: Socket, time: number) => {
    socket.write(REQUEST);
    let length = 0;
    socket.removeAllListeners("data");
    socket.on("data", (chunk: Buffer) => {
      length += chunk.length;
      // A short answer comes in one piece: head and body together.
      if (length === chunk.length && !chunk.toString("latin1", 0, 12).startsWith("HTTP/1.1 200")) {
        finished.reject(new Error(`unexpected answer: ${chunk.toString("latin1", 0, 200)}`));
      }
      times.push(performance.now() - time);
      const next = due.shift();
      if (next === undefined) idle.push(socket);
      else send(socket, next);
      if (times.length === total) finished.resolve();
    });
  };
  idle.push(...sockets);
  const tick = () => {
    const until = performance.now();
    for (; planned < total && began + (planned * 1000) / rate <= until; planned++) {
      const time = began + (planned * 1000) / rate;
      const socket = idle.pop();
      if (socket) send(socket, time);
      else due.push(time);
    }
    if (planned < total) setImmediate(tick);
  };
  tick();
  await finished.promise;
  for (const socket of sockets) socket.destroy();
  return times.sort((a, b) => a - b);
}

function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  return new Promise((resolve, reject) => {
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}

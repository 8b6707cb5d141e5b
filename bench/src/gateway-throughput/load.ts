import { connect } from "node:net";

export interface Load {
  port: number;
  connections: number;
  seconds: number;
}

const REQUEST = "GET /bench HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: ebb-bench\r\nAccept: */*\r\n\r\n";

/** A closed loop: each connection sends its next request when the answer has come. Returns whole answers a second; throws on any other. */
export async function loadOnce({ port, connections, seconds }: Load): Promise<number> {
  let answers = 0;
  let running = true;
  const began = performance.now();
  const loops = Array.from({ length: connections }, () => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    return new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("close", () => (running ? reject(new Error("the proxy closed a connection")) : resolve()));
      socket.on("connect", () => socket.write(REQUEST));
      let text = "";
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString("latin1");
        if (!text.endsWith("hello, bench!")) return;
        if (!text.startsWith("HTTP/1.1 200")) return reject(new Error(`unexpected answer: ${text}`));
        text = "";
        answers++;
        if (running) socket.write(REQUEST);
        else socket.end();
      });
    });
  });
  setTimeout(() => (running = false), seconds * 1000);
  await Promise.all(loops);
  return answers / ((performance.now() - began) / 1000);
}

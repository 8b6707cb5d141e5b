import { connect } from "node:net";

/** Milliseconds from opening a connection to the first byte of an answer, which must be a 200; rejects with the connection's error. */
export function firstByte({ host, port, name }: { host: string; port: number; name: string }): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    socket.once("error", reject);
    socket.once("end", () => reject(new Error(`${host}:${port} ended the connection without an answer`)));
    socket.once("connect", () => socket.write(`GET / HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`));
    socket.once("data", (chunk: Buffer) => {
      const took = performance.now() - began;
      socket.destroy();
      const head = chunk.toString("latin1", 0, 200);
      if (head.startsWith("HTTP/1.1 200")) resolve(took);
      else reject(new Error(`unexpected answer: ${head}`));
    });
  });
}

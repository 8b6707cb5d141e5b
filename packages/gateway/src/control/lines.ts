import type { Socket } from "node:net";

/** A whole table of many thousand routes fits; a peer that never ends its line does not. */
const MAX_LINE = 64 * 1024 * 1024;
const LF = 10;

/** Cuts a socket's bytes into lines of JSON and hands each value on. A line that is too long or no JSON ends the connection. */
export function readLines(socket: Socket, onValue: (value: unknown) => void): void {
  let parts: Buffer[] = [];
  let length = 0;
  socket.on("data", (chunk: Buffer) => {
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      parts.push(chunk.subarray(start, end));
      start = end + 1;
      const line = Buffer.concat(parts).toString("utf8");
      parts = [];
      length = 0;
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch (error) {
        socket.destroy(new Error("a line is not JSON", { cause: error }));
        return;
      }
      onValue(value);
      if (socket.destroyed) return;
    }
    if (start === chunk.length) return;
    parts.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > MAX_LINE) socket.destroy(new Error("a line is too long"));
  });
}

export function writeLine(socket: Socket, value: object): void {
  if (!socket.destroyed && socket.writable) socket.write(`${JSON.stringify(value)}\n`);
}

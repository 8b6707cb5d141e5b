/** Reads each request's body (Content-Length) and then answers; prints its port. What nginx and the gateway upload to. */
import { createServer, type AddressInfo } from "node:net";

const server = createServer({ noDelay: true }, (socket) => {
  let left = -1;
  let head = "";
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    let body = chunk.length;
    if (left < 0) {
      head += chunk.toString("latin1");
      const end = head.indexOf("\r\n\r\n");
      if (end < 0) return;
      left = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      body = head.length - end - 4;
      head = "";
    }
    left -= body;
    if (left > 0) return;
    left = -1;
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));

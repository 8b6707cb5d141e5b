/** The cheapest instance there can be: one fixed answer for each request head. */
import { createServer, type AddressInfo } from "node:net";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nhello, bench!";

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => {});
  // The proxies send each small head in one write.
  socket.on("data", () => socket.write(ANSWER));
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));

// Listens on $PORT, says who it is, streams, and ends when it is asked to: all that Ebb expects of a server.
import { createServer } from "node:http";
import { hostname } from "node:os";

const me = {
  app: process.env.K_SERVICE ?? "hello-node",
  version: process.env.K_REVISION ?? "local",
  instance: `${hostname()}/${process.pid}`,
  startedAt: new Date().toISOString(),
};
const streams = new Set();

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (url.pathname === "/healthz") return response.end("ok\n");
  if (url.pathname === "/events") return events(response);
  if (url.pathname === "/slow") return setTimeout(() => response.end("done\n"), Math.min(60_000, Number(url.searchParams.get("ms")) || 1000));
  response.setHeader("content-type", "application/json");
  response.end(`${JSON.stringify({ hello: "from Node.js", ...me, path: url.pathname }, null, 2)}\n`);
});

/** Server-sent events: the time, at once and then each second. */
function events(response) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const tick = () => response.write(`data: ${new Date().toISOString()}\n\n`);
  tick();
  const timer = setInterval(tick, 1000);
  streams.add(response);
  response.on("close", () => {
    clearInterval(timer);
    streams.delete(response);
  });
}

server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? "0.0.0.0", () => console.log(`listening on ${server.address().port}`));
process.on("SIGTERM", () => {
  console.log("asked to stop: finishing what is under way");
  server.close(() => process.exit(0));
  // They would never finish by themselves; browsers connect again, to an instance that stays.
  for (const stream of streams) stream.end();
});

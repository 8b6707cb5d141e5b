import { readFileSync, realpathSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { siteHandler } from "./handler.ts";

/** The program of a site's bundle: serves `../site` on $PORT. Its options are in `site.json` beside it. */
const options = JSON.parse(readFileSync(join(import.meta.dirname, "site.json"), "utf8")) as { spa: boolean };
const handle = siteHandler({ root: realpathSync(join(import.meta.dirname, "../site")), spa: options.spa });

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    process.stderr.write(`${request.method} ${request.url}: ${error instanceof Error ? error.stack : String(error)}\n`);
    if (response.headersSent) response.destroy();
    else response.writeHead(500, { "Content-Type": "text/plain; charset=utf-8" }).end("The file cannot be read\n");
  });
});
// Longer than proxies keep an idle connection, so that it is never closed while a request is on its way.
server.keepAliveTimeout = 75_000;
server.listen(Number(process.env["PORT"] ?? 8080), process.env["HOST"] ?? "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`serving on port ${typeof address === "object" ? address?.port : address}\n`);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => {
    // Answers under way are finished; the process then has nothing left to do.
    server.close();
    server.closeIdleConnections();
  });
}

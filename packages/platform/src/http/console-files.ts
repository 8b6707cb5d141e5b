import { existsSync } from "node:fs";
import { join } from "node:path";
import files from "@fastify/static";
import type { FastifyInstance } from "fastify";
import { problem, sendProblem } from "./problem.ts";

/** Scripts and styles of our own only; antd writes its styles into the page at run time. */
const POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

const NOT_BUILT = `<!doctype html><meta charset="utf-8"><title>Ebb</title>
<p>The console has not been built. Run <code>npm run build -w @ebb/console</code>, then load this page again.</p>`;

/** The console's files; every address that is not a file is the application's own, except below /api. */
export async function registerConsole(server: FastifyInstance, root: string | undefined): Promise<void> {
  const built = root !== undefined && existsSync(join(root, "index.html"));
  if (built) {
    await server.register(files, {
      root,
      wildcard: false,
      index: false,
      preCompressed: true,
      cacheControl: false,
      setHeaders: (response, path) => {
        // Vite puts a hash of the content into the names of what it puts into assets/.
        response.setHeader("cache-control", path.includes("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
      },
    });
  }
  // Every file may be seen by anybody: what it shows comes from the API, which asks who it is.
  server.addHook("onRoute", (route) => {
    if (!route.url.startsWith("/api/")) route.config = { ...route.config, public: true };
  });
  const page = (_: unknown, reply: import("fastify").FastifyReply) => {
    reply.header("content-security-policy", POLICY).header("cache-control", "no-cache");
    return built ? reply.sendFile("index.html") : reply.code(503).type("text/html").send(NOT_BUILT);
  };
  server.get("/", { config: { public: true }, schema: { hide: true } }, page);
  server.setNotFoundHandler({}, (request, reply) => {
    if (request.method !== "GET" || request.url.startsWith("/api/")) return sendProblem(reply, problem("route_not_found", `There is no ${request.method} ${request.url}`));
    return page(request, reply);
  });
}

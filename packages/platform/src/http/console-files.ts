import { existsSync } from "node:fs";
import { join } from "node:path";
import files from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";
import { problem, sendProblem } from "./problem.ts";

/** Scripts and styles of our own only; antd writes its styles into the page at run time. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

const NOT_BUILT = `<!doctype html><meta charset="utf-8"><title>Ebb</title>
<p>The console has not been built. Run <code>npm run build -w @ebb/console</code>, then load this page again.</p>`;

/** The console's files, for anybody: what they show comes from the API, which asks who it is; every address that is not a file is the application's own, except below /api. */
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
        void response.header("cache-control", path.includes("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
      },
    });
  }
  const page = (_: unknown, reply: FastifyReply) => {
    reply.header("content-security-policy", POLICY).header("cache-control", "no-cache");
    return built ? reply.sendFile("index.html") : reply.code(503).type("text/html").send(NOT_BUILT);
  };
  server.get("/", { schema: { hide: true } }, page);
  server.setNotFoundHandler({}, (request, reply) => {
    if (request.method !== "GET" || request.url.startsWith("/api/"))
      return sendProblem(reply, problem("route_not_found", `There is no ${request.method} ${request.url}`));
    return page(request, reply);
  });
}

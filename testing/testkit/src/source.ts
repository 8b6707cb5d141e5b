import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Client } from "@ebb/api/client";
import type { Operation } from "@ebb/api";
import { create } from "tar";

/** A gzip-compressed tar of these files. */
export async function archive(files: Record<string, string>): Promise<Blob> {
  const folder = await mkdtemp(join(tmpdir(), "ebb-source-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, "source", name)), { recursive: true });
      await writeFile(join(folder, "source", name), text);
    }
    await create({ gzip: true, cwd: join(folder, "source"), file: join(folder, "source.tgz") }, ["."]);
    return new Blob([await readFile(join(folder, "source.tgz"))]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As `handler` of `nodeApp`: half of the clients of a load have a request under way at any time. */
export const SLOW_ANSWER =
  "return setTimeout(() => response.end(JSON.stringify({ version: process.env.K_REVISION, pid: process.pid })), 10);";

/** A Node server that says who it is: `{version, pid, ...}`; `body` is the code of its request handler's first lines. */
export function nodeApp(options: { handler?: string; before?: string; ebbYaml?: string } = {}): Record<string, string> {
  return {
    "package.json": JSON.stringify({ name: "app", version: "1.0.0", private: true, scripts: { start: "node server.js" } }),
    "server.js": `const http = require("node:http");
${options.before ?? ""}
const server = http.createServer((request, response) => {
  ${options.handler ?? ""}
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ version: process.env.K_REVISION, pid: process.pid, path: request.url }));
});
server.keepAliveTimeout = 60000;
server.listen(process.env.PORT);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`,
    ...(options.ebbYaml === undefined ? {} : { "ebb.yaml": options.ebbYaml }),
  };
}

/** Uploads the files and follows the operation to its end, whichever it is. */
export async function deploy(client: Client, name: string, files: Record<string, string>): Promise<Operation> {
  const operation = await client.uploadSource(await archive(files), { name });
  return finished(client, operation.id);
}

/** The operation in its terminal state. */
export async function finished(client: Client, id: string): Promise<Operation> {
  for await (const event of client.operationEvents(id))
    if (event.type === "operation" && event.operation.finishedAt !== null) return event.operation;
  return client.getOperation(id);
}

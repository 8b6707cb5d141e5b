import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { tempDir } from "./temp-dir.ts";

const run = promisify(execFile);
/** Commits are the same in every run. */
const WHO = {
  GIT_AUTHOR_NAME: "Ann",
  GIT_AUTHOR_EMAIL: "ann@example.com",
  GIT_COMMITTER_NAME: "Ann",
  GIT_COMMITTER_EMAIL: "ann@example.com",
  GIT_AUTHOR_DATE: "2026-01-01T00:00:00Z",
  GIT_COMMITTER_DATE: "2026-01-01T00:00:00Z",
  GIT_CONFIG_GLOBAL: "/dev/null",
};

export interface GitRepository {
  /** What servers serve. */
  bare: string;
  name: string;
  /** Contents by path, null: removed; on a branch, made from the one that is there if need be. Resolves to the commit. */
  commit(message: string, files: Record<string, string | null>, branch?: string): Promise<string>;
  git(...args: string[]): Promise<string>;
}

export interface GitServer {
  /** `http://127.0.0.1:PORT` */
  url: string;
  port: number;
  repository(name: string): Promise<GitRepository>;
  /** What clients have asked for, with what: `GET /shop.git/info/refs ann:secret`. */
  requests: string[];
  /** The only user and password that are let in; everybody, when absent. */
  login: string | undefined;
  /** Called for each request before it is served: to hold it, or to answer in its place (true). */
  intercept: ((request: IncomingMessage, response: ServerResponse) => Promise<boolean>) | undefined;
  close(): Promise<void>;
}

/** Git's own server program behind an HTTP server on loopback, over repositories in a temporary folder. */
export async function startGitServer(): Promise<GitServer> {
  const folder = await tempDir("ebb-git-server-");
  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  const made: Omit<GitServer, "url" | "port"> = {
    requests: [],
    login: undefined,
    intercept: undefined,
    repository: (name) => makeRepository(folder.path, name),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      await folder.remove();
    },
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const given = Buffer.from(/^Basic (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "", "base64").toString();
    self.requests.push(`${request.method} ${request.url} ${given}`.trim());
    if (await self.intercept?.(request, response)) return;
    if (self.login !== undefined && given !== self.login) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
      return;
    }
    await backend(folder.path, request, response);
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const self: GitServer = Object.assign(made, { url: `http://127.0.0.1:${port}`, port });
  return self;
}

/** CGI, as far as git-http-backend wants it. */
async function backend(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
  const child = spawn("git", ["http-backend"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"],
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"],
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
  });
  request.pipe(child.stdin);
  child.stdin.on("error", () => child.stdin.destroy());
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  const all = Buffer.concat(chunks);
  const end = all.indexOf("\r\n\r\n");
  const heads = all.subarray(0, end).toString("latin1").split("\r\n");
  const fields = heads.map((line) => line.split(/:\s*/, 2) as [string, string]);
  const status = Number.parseInt(fields.find(([name]) => name.toLowerCase() === "status")?.[1] ?? "200", 10);
  response.writeHead(status, Object.fromEntries(fields.filter(([name]) => name.toLowerCase() !== "status")));
  response.end(all.subarray(end + 4));
}

async function makeRepository(root: string, name: string): Promise<GitRepository> {
  const bare = join(root, `${name}.git`);
  const work = join(root, "work", name);
  const git = async (...args: string[]) => {
    const { stdout } = await run("git", ["-c", "protocol.file.allow=always", "-C", work, ...args], { env: { ...process.env, ...WHO } });
    return stdout.trim();
  };
  await run("git", ["init", "-q", "--bare", "-b", "main", bare], { env: { ...process.env, ...WHO } });
  await mkdir(work, { recursive: true });
  await git("init", "-q", "-b", "main", ".");
  return {
    bare,
    name,
    git,
    async commit(message, files, branch = "main") {
      const there = (await git("branch", "--list", branch)) !== "";
      if ((await git("symbolic-ref", "--short", "HEAD")) !== branch) await git("checkout", "-q", ...(there ? [] : ["-b"]), branch);
      for (const [path, text] of Object.entries(files)) {
        if (text === null) {
          await git("rm", "-q", "--", path);
          continue;
        }
        await mkdir(dirname(join(work, path)), { recursive: true });
        await writeFile(join(work, path), text);
      }
      await git("add", "-A");
      await git("commit", "-q", "--allow-empty", "-m", message);
      await git("push", "-q", bare, branch);
      return git("rev-parse", "HEAD");
    },
  };
}

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort, program, PROXY_CORE, type Server, type Stage } from "./processes.ts";

/** `http2`: spoken on both sides, in cleartext from the first byte. */
export async function startHaproxy(stage: Stage, origin: number, http2 = false): Promise<Server> {
  const haproxy = program("haproxy", "haproxy");
  const port = await freePort();
  const config = `global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 3s
  timeout client 75s
  timeout server 300s
  option forwardfor
  http-reuse always
frontend in
  bind 127.0.0.1:${port}${http2 ? " proto h2" : ""}
  default_backend app
backend app
  server app 127.0.0.1:${origin}${http2 ? " proto h2" : ""}
`;
  const path = join(stage.folder, "haproxy.cfg");
  await writeFile(path, config);
  return stage.startServer(PROXY_CORE, "haproxy", { command: haproxy, args: ["-f", path, "-db"], port });
}

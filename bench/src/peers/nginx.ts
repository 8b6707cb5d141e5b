import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort, OTHER_CORE, program, PROXY_CORE, type Server, type Stage } from "./processes.ts";

/** One worker without a log; temporary files in the benchmark's folder. */
async function startNginx(stage: Stage, name: string, core: string, http: (port: number) => string): Promise<Server> {
  const nginx = program("nginx", "nginx-light");
  const port = await freePort();
  const { folder } = stage;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder};`).join(" ");
  const config = `daemon off; master_process off; pid ${folder}/${name}.pid; error_log /dev/null;
events { worker_connections 8192; }
http { access_log off; keepalive_requests 1000000000; client_max_body_size 0; ${temporary}
${http(port)} }`;
  const path = join(folder, `${name}.conf`);
  await writeFile(path, config);
  return stage.startServer(core, name, { command: nginx, args: ["-c", path, "-p", folder], port });
}

/** Answers every GET with so many bytes. The cheapest instance there is, so that what is compared is the proxy. */
export async function startOrigin(stage: Stage, bytes: number): Promise<Server> {
  const answer = join(stage.folder, "answer");
  await writeFile(answer, "x");
  // What a large one says does not matter, and takes no room so.
  await truncate(answer, bytes);
  return startNginx(
    stage,
    "origin",
    OTHER_CORE,
    (port) =>
      `open_file_cache max=8; server { listen 127.0.0.1:${port} backlog=4096; location / { root ${stage.folder}; rewrite ^ /answer break; } }`,
  );
}

/** The peer: a reverse proxy with kept connections that tells the instance who asked, as Ebb does. Nothing goes by way of files. */
export function startNginxProxy(stage: Stage, origin: number): Promise<Server> {
  return startNginx(
    stage,
    "nginx",
    PROXY_CORE,
    (port) => `upstream app { server 127.0.0.1:${origin}; keepalive 256; keepalive_requests 1000000000; }
server { listen 127.0.0.1:${port} backlog=4096; proxy_max_temp_file_size 0; proxy_request_buffering off;
  location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
    proxy_set_header X-Request-Id $request_id; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto http; proxy_set_header X-Forwarded-Host $http_host; } }`,
  );
}

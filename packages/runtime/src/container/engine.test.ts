import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { silentLogger, systemClock } from "@ebb/base";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { findEngine } from "./engine.ts";

const PODMAN_INFO = {
  host: { cgroupControllers: ["memory"], security: { rootless: false } },
  store: {},
  version: { Version: "4.3.1" },
};
const PODMAN_VERSION = { Components: [{ Name: "Podman Engine" }, { Name: "Conmon" }] };

/** Finds what answers by path, the first first; what has none left, and any other path, is a failure. */
async function found(answers: Record<string, unknown[]>) {
  const folder = await tempDir("ebb-engine-");
  const socketPath = join(folder.path, "engine.sock");
  const server = createServer(({ url = "" }, response) => {
    const answer = answers[url]?.shift();
    response.writeHead(answer === undefined ? 500 : 200, { "content-type": "application/json" }).end(JSON.stringify(answer ?? {}));
  }).listen(socketPath);
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await folder.remove();
  });
  return findEngine({ socketPath, clock: systemClock, log: silentLogger, env: {} });
}

test("a Podman that does not say at first what it is, is asked again, and not taken for Docker", async () => {
  const engine = await found({
    "/v4.0.0/libpod/info": [undefined, PODMAN_INFO],
    "/version": [PODMAN_VERSION],
    "/info": [{ ServerVersion: "4.3.1", MemoryLimit: true }],
  });
  expect(engine).toMatchObject({ name: "podman", version: "4.3.1", limitsMemory: true, podman: PODMAN_INFO });
});

test("a Podman without a controller is one that limits nothing", async () => {
  const info = { ...PODMAN_INFO, host: { ...PODMAN_INFO.host, cgroupControllers: null } };
  expect(await found({ "/v4.0.0/libpod/info": [info] })).toMatchObject({ name: "podman", limitsMemory: false });
});

test("Docker is Docker", async () => {
  const engine = await found({
    "/version": [{ Components: [{ Name: "Engine" }, { Name: "containerd" }] }],
    "/info": [{ ServerVersion: "27.0.1", MemoryLimit: true, SecurityOptions: ["name=seccomp,profile=builtin"] }],
  });
  expect(engine).toMatchObject({ name: "docker", version: "27.0.1", rootless: false, limitsMemory: true });
});

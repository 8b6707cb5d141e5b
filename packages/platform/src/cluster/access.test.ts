import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigMaps } from "@ebb/kube";
import { tempDir } from "@ebb/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { openKubeconfig } from "./access.ts";
import { HttpKubeClient } from "./http-kube-client.ts";

let folder: Awaited<ReturnType<typeof tempDir>>;
let files = 0;
beforeAll(async () => {
  folder = await tempDir("kubeconfig-");
});
afterAll(() => folder.remove());

async function kubeconfig(cluster: object, user: object, more: object = {}): Promise<string> {
  const path = join(folder.path, `${files++}.yaml`);
  const config = {
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
    ...more,
  };
  await writeFile(path, stringify(config));
  return path;
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

test("a token is sent as a bearer's, and the address has no slash at its end", async () => {
  const access = openKubeconfig(await kubeconfig({ server: "https://k8s.test:6443/" }, { token: "t0" }));
  expect(access.server).toBe("https://k8s.test:6443");
  expect((await access.authorize()).headers).toEqual({ authorization: "Bearer t0" });
});

test("the authority and a client's certificate are for the connection", async () => {
  const cluster = { server: "https://k8s.test", "certificate-authority-data": base64("CA") };
  const access = openKubeconfig(await kubeconfig(cluster, { "client-certificate-data": base64("CERT"), "client-key-data": base64("KEY") }));
  expect(await access.socketOptions()).toEqual({ ca: "CA", cert: "CERT", key: "KEY", rejectUnauthorized: true, headers: {} });
});

test("a server's certificate is believed unseen only when the file says so", async () => {
  const access = openKubeconfig(await kubeconfig({ server: "https://k8s.test", "insecure-skip-tls-verify": true }, {}));
  expect(await access.socketOptions()).toMatchObject({ rejectUnauthorized: false });
});

test("files are found beside the kubeconfig, and a token's is read again for each request", async () => {
  await writeFile(join(folder.path, "ca.crt"), "CA");
  await writeFile(join(folder.path, "token"), "first\n");
  const access = openKubeconfig(
    await kubeconfig({ server: "https://k8s.test", "certificate-authority": "ca.crt" }, { token: "written", tokenFile: "token" }),
  );
  expect(await access.socketOptions()).toMatchObject({ ca: "CA", headers: { authorization: "Bearer first" } });
  await writeFile(join(folder.path, "token"), "second\n");
  expect((await access.authorize()).headers).toEqual({ authorization: "Bearer second" });
});

test("a program that gives the token is left to the official client", async () => {
  const credential = { kind: "ExecCredential", apiVersion: "client.authentication.k8s.io/v1", status: { token: "from-a-program" } };
  const exec = {
    apiVersion: credential.apiVersion,
    command: process.execPath,
    args: ["-e", `console.log(${JSON.stringify(JSON.stringify(credential))})`],
    interactiveMode: "Never",
  };
  const seen: (string | undefined)[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ metadata: {}, items: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    for (const user of [{ token: "own" }, { exec }]) {
      const client = new HttpKubeClient(openKubeconfig(await kubeconfig({ server: url, "insecure-skip-tls-verify": true }, user)));
      await client.list(ConfigMaps);
      await client.close();
    }
  } finally {
    server.closeAllConnections();
    server.close();
  }
  expect(seen).toEqual(["Bearer own", "Bearer from-a-program"]);
});

test.each<[string, object, RegExp]>([
  ["no current context", { "current-context": undefined }, /no "" among its contexts/],
  ["a context that is not there", { "current-context": "y" }, /no "y" among its contexts/],
  ["a user that is not there", { users: [] }, /no "u" among its users/],
  ["a cluster without an address", { clusters: [{ name: "c", cluster: {} }] }, /no server address/],
])("%s is refused with its reason", async (_, more, reason) => {
  const path = await kubeconfig({ server: "https://k8s.test" }, {}, more);
  expect(() => openKubeconfig(path)).toThrowError(
    expect.objectContaining({ code: "kubeconfig_invalid", cause: expect.objectContaining({ message: expect.stringMatching(reason) }) }),
  );
});

test("a file that is not there is refused by its path", () => {
  expect(() => openKubeconfig(join(folder.path, "none"))).toThrowError(/none cannot be used/);
});

import { describe, expect, test } from "vitest";
import { credentialsOf, type Credentials } from "./credentials.ts";

const config = (cluster: object, user: object) =>
  JSON.stringify({
    clusters: [
      { name: "a", cluster: { server: "https://other" } },
      { name: "b", cluster },
    ],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "b", user: "u" } }],
    "current-context": "x",
  });
const SERVER = { server: "https://10.0.0.5:6443" };

test("of a kubeconfig its current context is taken", () => {
  const wanted: Credentials = { ...SERVER, ca: "Y2E=", certificate: "Yw==", key: "aw==", tlsServerName: "k8s" };
  const cluster = { ...SERVER, "certificate-authority-data": "Y2E=", "tls-server-name": "k8s" };
  expect(credentialsOf(config(cluster, { "client-certificate-data": "Yw==", "client-key-data": "aw==" }))).toEqual(wanted);
  expect(credentialsOf(config({ server: "http://127.0.0.1:1" }, { token: "t" }))).toEqual({ server: "http://127.0.0.1:1", token: "t" });
});

describe("nothing of a kubeconfig runs a program or reads a file here", () => {
  test.each<[string, object, object]>([
    ["exec", SERVER, { exec: { command: "sh" } }],
    ["auth-provider", SERVER, { "auth-provider": {}, token: "t" }],
    ["tokenFile", SERVER, { tokenFile: "/etc/passwd" }],
    ["client-key", SERVER, { "client-key": "/root/.ssh/id", token: "t" }],
    ["certificate-authority", { ...SERVER, "certificate-authority": "/etc/shadow" }, { token: "t" }],
    ["insecure-skip-tls-verify", { ...SERVER, "insecure-skip-tls-verify": true }, { token: "t" }],
    ["Without TLS", { server: "http://10.0.0.5" }, { token: "t" }],
    ["not the address", { server: "file:///etc" }, { token: "t" }],
    ["not the address", { server: "https://u:p@10.0.0.5" }, { token: "t" }],
    ["neither a token", SERVER, {}],
    ["neither a token", SERVER, { "client-certificate-data": "Yw==" }],
  ])("%s", (words, cluster, user) => expect(() => credentialsOf(config(cluster, user))).toThrow(words));

  test.each(["", "[]", "a: [", "current-context: x", "a: &a 1\nb: *a"])("%j is none", (text) => {
    expect(() => credentialsOf(text)).toThrow(/kubeconfig/);
  });
});

import type { Revision, Secret, ServiceAccount } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import type { Context } from "../context.ts";
import { revision } from "../testing.ts";
import { credentialsFor, pullCredentials } from "./pull-credentials.ts";

const encode = (text: string) => Buffer.from(text).toString("base64");
const secretOf = (servers: object, name = "pull"): Secret => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: "team" },
  type: "kubernetes.io/dockerconfigjson",
  data: { ".dockerconfigjson": encode(JSON.stringify({ auths: servers })) },
});
const ROBOT = { auth: encode("robot:pass:word") };

describe("which credentials fit an image", () => {
  test.each<[server: string, image: string, fits: boolean]>([
    ["ghcr.io", "ghcr.io/team/app:v1", true],
    ["https://ghcr.io/v2/", "ghcr.io/team/app:v1", true],
    ["ghcr.io", "quay.io/team/app:v1", false],
    ["https://index.docker.io/v1/", "team/app", true],
    ["docker.io", "app:v1", true],
    ["ghcr.io/team", "ghcr.io/team/app", true],
    ["ghcr.io/team", "ghcr.io/teams/app", false],
    ["ghcr.io/team/app", `ghcr.io/team/app:v1@sha256:${"a".repeat(64)}`, true],
    ["registry.test:5000", "registry.test:5000/app", true],
    ["registry.test", "registry.test:5000/app", false],
    ["*.example.com", "eu.example.com/app", true],
    ["*.example.com", "a.eu.example.com/app", false],
    ["*-docker.pkg.dev", "europe-docker.pkg.dev/project/app", true],
    ["a*b*c.test", "a1b2c.test/app", true],
    ["a*b*c.test", "acb.test/app", false],
  ])("of %s for %s: %s", (server, image, expected) => {
    const found = credentialsFor(image, [secretOf({ [server]: ROBOT })]);
    expect(found).toEqual(expected ? [{ username: "robot", password: "pass:word", serveraddress: server }] : []);
  });

  test("the most particular first; a name and a password count more than both in one", () => {
    const servers = { "ghcr.io": ROBOT, "ghcr.io/team": { username: "own", password: "secret", ...ROBOT } };
    const found = credentialsFor("ghcr.io/team/app", [secretOf(servers)]);
    expect(found.map(({ username, password }) => [username, password])).toEqual([
      ["own", "secret"],
      ["robot", "pass:word"],
    ]);
  });

  test("Docker's older form is read; other types, damaged ones and those that are missing are passed over", () => {
    const old = { ...secretOf({}), type: "kubernetes.io/dockercfg", data: { ".dockercfg": encode(JSON.stringify({ "ghcr.io": ROBOT })) } };
    const damaged = { ...secretOf({}), data: { ".dockerconfigjson": encode("{") } };
    const opaque = { ...secretOf({ "ghcr.io": ROBOT }), type: "Opaque" };
    const empty = [secretOf({ "ghcr.io": {} }), secretOf({ "ghcr.io": null }), { ...secretOf({}), data: {} }];
    expect(credentialsFor("ghcr.io/app", [undefined, damaged, opaque, ...empty, old])).toHaveLength(1);
  });
});

describe("whose Secrets are taken", () => {
  const account = (secret: string): ServiceAccount => ({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "robot", namespace: "team" },
    imagePullSecrets: [{ name: secret }],
  });
  const asked = async (spec: Partial<Revision["spec"]>) => {
    const secrets = [secretOf({ "ghcr.io": { username: "by-revision", password: "p" } }, "mine")];
    secrets.push(secretOf({ "ghcr.io": { username: "by-account", password: "p" } }, "theirs"));
    const accounts: Record<string, ServiceAccount> = { robot: account("theirs"), default: account("nothing") };
    const context = {
      revisions: { get: (_: string, name: string) => (name === "shop-00001" ? revision(1, undefined, { spec }) : undefined) },
      secrets: { get: (_: string, name: string) => secrets.find(({ metadata }) => metadata.name === name) },
      client: { get: (_: unknown, __: string, name: string) => Promise.resolve(accounts[name]) },
    } as unknown as Context;
    return (await pullCredentials(context, "team/shop-00001", "ghcr.io/app")).map(({ username }) => username);
  };
  test.each<[string, Partial<Revision["spec"]>, string[]]>([
    ["the Revision's", { imagePullSecrets: [{ name: "mine" }] }, ["by-revision"]],
    ["its ServiceAccount's, where it names none", { serviceAccountName: "robot" }, ["by-account"]],
    ["not both", { serviceAccountName: "robot", imagePullSecrets: [{ name: "mine" }] }, ["by-revision"]],
    ["of the account default, where it names none; Secrets that are not there are passed over", {}, []],
  ])("%s", async (_, spec, expected) => {
    expect(await asked(spec)).toEqual(expected);
  });
});

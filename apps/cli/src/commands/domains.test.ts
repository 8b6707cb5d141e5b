import type { Domain } from "@ebb/api";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { startPlatform } from "../testing/platform.ts";
import { run } from "../testing/run.ts";

const PATH = "/apps/hello/environments/test/domains";
const NAME = "www.example.com";

function aDomain(change: Partial<Domain> = {}): Domain {
  return {
    name: NAME,
    displayName: NAME,
    team: "default",
    app: "hello",
    environment: "test",
    state: "pending-verification",
    url: `http://${NAME}`,
    redirect: true,
    certificateMode: "acme",
    certificate: null,
    verification: {
      verifiedAt: null,
      by: null,
      record: { type: "TXT", name: `_ebb-challenge.${NAME}`, value: "ebb-domain=x" },
      http: null,
    },
    pointTo: null,
    problem: { code: "not_verified", message: "no record yet", hint: "Make the TXT record.", retryAt: null },
    createdBy: "ann",
    createdAt: "2026-01-01T00:00:00Z",
    ...change,
  };
}

async function setUp(domain = aDomain()) {
  const platform = await startPlatform();
  platform.answer("GET /domains", () => ({ items: [domain] }));
  platform.answer(`GET ${PATH}`, () => ({ items: [domain] }));
  for (const route of [
    `POST ${PATH}`,
    `GET ${PATH}/${NAME}`,
    `POST ${PATH}/${NAME}/verify`,
    `POST ${PATH}/${NAME}/accept`,
    `POST ${PATH}/${NAME}/renew`,
    `PUT ${PATH}/${NAME}/certificate`,
    `PATCH ${PATH}/${NAME}`,
  ])
    platform.answer(route, () => domain);
  platform.answer(`DELETE ${PATH}/${NAME}`, (reply) => reply.code(204).send());
  const last = () => platform.calls.at(-1);
  return { ...platform, last };
}

test("adding one says which record to make", async () => {
  const { env, last } = await setUp();
  const { code, stdout } = await run(["domain", "add", NAME, "--app", "hello", "-e", "test"], { env });
  expect(code).toBe(0);
  expect(stdout).toContain(`TXT record   _ebb-challenge.${NAME}`);
  expect(stdout).toContain("value      ebb-domain=x");
  expect(stdout).toContain("next step    Make the TXT record.");
  expect(last()).toMatchObject({ method: "POST", body: { name: NAME, certificate: "acme", redirect: true } });
});

test("its name alone finds it, whoever's it is", async () => {
  const { env, last } = await setUp();
  expect((await run(["domain", "delete", "WWW.Example.com."], { env })).stdout).toContain("is removed");
  expect(last()).toMatchObject({ method: "DELETE", url: `/api/v1${PATH}/${NAME}` });
  expect(await run(["domain", "show", "other.example.com"], { env })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("there is no domain"),
  });
  expect(await run(["domain", "show", NAME, "-e", "prod"], { env })).toMatchObject({ code: 1, stderr: expect.stringContaining("in prod") });
});

test("verifying ends badly as long as it is not verified", async () => {
  const { env } = await setUp();
  expect(await run(["domain", "verify", NAME], { env })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Make the TXT record."),
  });
});

test("one is accepted for a reason alone", async () => {
  const { env, last } = await setUp();
  expect(await run(["domain", "accept", NAME], { env })).toMatchObject({ code: 2, stderr: expect.stringContaining("--why") });
  expect((await run(["domain", "accept", NAME, "--why", "in our own DNS"], { env })).code).toBe(0);
  expect(last()).toMatchObject({ method: "POST", url: `/api/v1${PATH}/${NAME}/accept`, body: { why: "in our own DNS" } });
});

test("a certificate of one's own is sent, and its key is printed nowhere", async () => {
  const { path, remove } = await tempDir();
  onTestFinished(remove);
  const [cert, key] = [join(path, "c.pem"), join(path, "k.pem")];
  await writeFile(cert, "CERT");
  await writeFile(key, "KEY-OF-MINE");
  const { env, last } = await setUp();
  const { code, stdout, stderr } = await run(["domain", "cert", NAME, "--cert", cert, "--key", key], { env });
  expect(code).toBe(0);
  expect(last()).toMatchObject({ method: "PUT", body: { certificate: "CERT", key: "KEY-OF-MINE" } });
  expect(stdout + stderr).not.toContain("KEY-OF-MINE");
});

test.each([
  [["domain", "cert", NAME, "--cert", "x"], "--cert and --key belong together"],
  [["domain", "cert", NAME, "--auto", "--renew"], "exclude each other"],
  [["domain", "cert", NAME, "--cert", "/nowhere/c", "--key", "/nowhere/k"], "cannot read /nowhere/c"],
  [["domain", "add", NAME], "a domain is of an application"],
  [["domain", "set", NAME], "nothing to change"],
])("%j is refused", async (argv, why) => {
  const { env } = await setUp();
  const { code, stderr } = await run(argv, { env });
  expect(code).not.toBe(0);
  expect(stderr).toContain(why);
});

test("settings are shown, and changed one by one", async () => {
  const { env, answer, last } = await setUp();
  const settings = {
    acmeDirectory: "https://acme.example/dir",
    acmeEmail: "",
    acmeTermsAgreed: false,
    acmeCa: "",
    checkPort: 80,
    dnsServers: [],
    httpProof: true,
    pointTo: "",
  };
  answer("GET /domain-settings", () => settings);
  answer("PATCH /domain-settings", () => settings);
  expect((await run(["domain", "settings"], { env })).stdout).toContain("not agreed to: no certificate is asked for");
  await run(["domain", "settings", "--agree-terms", "--dns", "192.0.2.1", "--no-http-proof"], { env });
  expect(last()).toMatchObject({ method: "PATCH", body: { acmeTermsAgreed: true, dnsServers: ["192.0.2.1"], httpProof: false } });
  await run(["domain", "settings", "--dns", "system"], { env });
  expect(last()).toMatchObject({ body: { dnsServers: [] } });
});

import { X509Certificate } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemRandom, type Clock } from "@ebb/base";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { loadPki } from "./pki.ts";

const DAY = 24 * 3_600_000;

async function folderOfKeys() {
  const dir = await tempDir();
  onTestFinished(() => dir.remove());
  const folder = join(dir.path, "pki");
  /** As it is so many days after the first start. */
  const load = (days: number, names = ["127.0.0.1", "kubernetes.default.svc"]) => {
    const clock = { now: () => Date.UTC(2026, 0, 1) + days * DAY } as Clock;
    return loadPki({ folder, names, admin: { name: "admin", groups: ["system:masters", "a"] }, clock, random: systemRandom });
  };
  return { folder, load };
}

test("keys are their owner's alone, and stay while they are good", async () => {
  const { folder, load } = await folderOfKeys();
  const first = await load(0);
  expect(await load(200)).toEqual(first);
  for (const name of ["ca.key", "server.key", "admin.key", "sa.key"]) expect((await stat(join(folder, name))).mode & 0o077).toBe(0);
  const server = new X509Certificate(first.server.certificate);
  expect(server.subjectAltName).toBe("IP Address:127.0.0.1, DNS:kubernetes.default.svc");
  expect(new X509Certificate(first.admin.certificate).subject.split("\n").sort()).toEqual(["CN=admin", "O=a", "O=system:masters"]);
});

test("a certificate is renewed months before its end, by the same authority", async () => {
  const { load } = await folderOfKeys();
  const [first, later] = [await load(0), await load(300)];
  expect(later.authorities).toBe(first.authorities);
  expect(later.accountKey).toBe(first.accountKey);
  expect(later.server.certificate).not.toBe(first.server.certificate);
  expect(later.admin.certificate).not.toBe(first.admin.certificate);
  expect(new X509Certificate(later.server.certificate).verify(new X509Certificate(first.authorities).publicKey)).toBe(true);
});

test("a new authority comes before the end of the old one, which stays trusted while it is valid", async () => {
  const { load } = await folderOfKeys();
  const [first, later] = [await load(0), await load(3300)];
  expect(later.authorities.endsWith(first.authorities)).toBe(true);
  expect(later.authorities.match(/BEGIN/g)).toHaveLength(2);
  expect(new X509Certificate(later.server.certificate).verify(new X509Certificate(later.authorities).publicKey)).toBe(true);
  expect((await load(3301)).server).toEqual(later.server);
});

test.each([
  ["another name", async () => undefined, ["127.0.0.1", "kubernetes.default.svc", "10.0.0.1"]],
  ["half a certificate", (folder: string) => writeFile(join(folder, "server.crt"), "-----BEGIN CERT"), undefined],
  [
    "a key of another certificate",
    async (folder: string) => writeFile(join(folder, "server.key"), await readFile(join(folder, "admin.key"))),
    undefined,
  ],
])("%s makes a new server certificate and nothing else", async (_, damage, names) => {
  const { folder, load } = await folderOfKeys();
  const first = await load(0);
  await damage(folder);
  const second = await load(1, names);
  expect(second.server.certificate).not.toBe(first.server.certificate);
  expect({ ...second, server: undefined }).toEqual({ ...first, server: undefined });
});

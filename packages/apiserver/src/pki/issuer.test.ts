import { X509Certificate } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { systemRandom, type Clock } from "@ebb/base";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { createIssuer } from "./issuer.ts";

const DAY = 24 * 3_600_000;

test("certificates are of the names asked for, by an authority that is kept until it could not vouch for one to its end", async () => {
  const dir = await tempDir();
  onTestFinished(() => dir.remove());
  const folder = join(dir.path, "pki");
  let now = Date.UTC(2026, 0, 1);
  const open = () => createIssuer({ folder, clock: { now: () => now } as Clock, random: systemRandom });
  const issuer = open();
  const long = `${"a".repeat(60)}.example.com`;
  const [first, second] = await Promise.all([issuer.issue([long, "*.shop.example.com"]), issuer.issue([long])]);
  const leaf = new X509Certificate(first.certificate);
  expect(leaf.subjectAltName).toBe(`DNS:${long}, DNS:*.shop.example.com`);
  expect(leaf.subject).toBe("CN=*.shop.example.com");
  expect(new X509Certificate(second.certificate).subject).toBe("CN=ebb");
  expect(first.notAfter).toBe(now + 90 * DAY);
  expect(second.authority).toBe(first.authority);
  expect(leaf.verify(new X509Certificate(first.authority).publicKey)).toBe(true);
  expect((await stat(join(folder, "serving-ca.key"))).mode & 0o077).toBe(0);
  expect((await open().issue(["a.test"])).authority).toBe(first.authority);
  now += 3600 * DAY;
  const later = await issuer.issue(["a.test"]);
  expect(later.authority).not.toBe(first.authority);
  expect((await open().issue(["a.test"])).authority).toBe(later.authority);
});

import { createPrivateKey } from "node:crypto";
import { expect, test } from "vitest";
import { testAuthority } from "../testing/certificates.ts";
import { checkCertificate } from "./certificate.ts";

const NOW = Date.UTC(2026, 5, 1);
const DAY = 86_400_000;
const HOST = "www.example.com";
const authority = await testAuthority(NOW);
const other = await testAuthority(NOW);
const good = await authority.issue([HOST, "example.com"]);
const short = await authority.issue([HOST], {
  algorithm: { name: "RSASSA-PKCS1-v1_5", modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
});
const encrypted = createPrivateKey(good.key).export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "x" }).toString();

test.each([
  ["alone", good],
  ["with its chain", { ...good, certificate: good.certificate + "\n" + authority.certificate }],
  ["by a wildcard", await authority.issue(["*.example.com"])],
])("a certificate is accepted %s", (_, given) => {
  const facts = checkCertificate(HOST, given, NOW);
  expect(facts).toMatchObject({ issuer: "Test Authority", notBefore: NOW, notAfter: NOW + 90 * DAY });
  expect(facts.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
});

test.each([
  ["no certificate in it", { ...good, certificate: "hello" }, "no certificate in it"],
  [
    "a block that is cut off",
    { ...good, certificate: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----" },
    "Certificate 1 in it cannot be read",
  ],
  ["no key", { ...good, key: "hello" }, "The key cannot be read"],
  ["a key with a passphrase", { ...good, key: encrypted }, "The key has a passphrase"],
  ["another's key", { ...good, key: other.key }, "not that of the first certificate"],
  [
    "the chain before the certificate",
    { ...good, certificate: authority.certificate + "\n" + good.certificate },
    "not that of the first certificate",
  ],
  [
    "another's chain",
    { ...good, certificate: good.certificate + "\n" + other.certificate },
    "Certificate 2 has not issued the one before it",
  ],
  ["an authority's", { certificate: authority.certificate, key: authority.key }, "is an authority's"],
  [
    "another host",
    await authority.issue(["shop.example.com", "*.www.example.com"]),
    "is for shop.example.com, *.www.example.com, not for www.example.com",
  ],
  ["a name in the subject alone", await authority.issue([]), "is for no host"],
  ["one that has ended", await authority.issue([HOST], { from: NOW - 91 * DAY }), "It ended on 2026-05-31"],
  ["one that has not begun", await authority.issue([HOST], { from: NOW + DAY }), "It begins on 2026-06-02 only"],
  ["a short key", short, "The RSA key is shorter than 2048 bits"],
  ["too much", { ...good, certificate: Array.from({ length: 11 }, () => good.certificate).join("\n") }, "more than 10"],
])("%s is refused, and nothing of the key is told", (_, given, why) => {
  let refusal: unknown;
  try {
    checkCertificate(HOST, given, NOW);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toMatchObject({ code: "invalid_certificate", message: expect.stringContaining(why), hint: expect.any(String) });
  expect(String(refusal)).not.toContain(given.key.split("\n")[1] || "-");
});

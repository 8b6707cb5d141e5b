import { webcrypto, type webcrypto as Crypto } from "node:crypto";
// Its dependency injection wants this to be there first.
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type X509Certificate,
} from "@peculiar/x509";

const DAY = 86_400_000;
const EC = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** PEM. */
export interface TestCertificate {
  certificate: string;
  key: string;
}

interface Authority {
  certificate: X509Certificate;
  keys: Crypto.CryptoKeyPair;
}

async function keyPem(keys: Crypto.CryptoKeyPair): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
}

const generate = (algorithm: object = EC) => webcrypto.subtle.generateKey(algorithm as typeof EC, true, ["sign", "verify"]);

/** An authority of the test's own, which signs for whatever names and times. */
export async function testAuthority(now: number) {
  const keys = await generate();
  const about = {
    serialNumber: "01",
    name: "CN=Test Authority",
    notBefore: new Date(now - 365 * DAY),
    notAfter: new Date(now + 3650 * DAY),
  };
  const extensions = [new BasicConstraintsExtension(true, undefined, true)];
  const certificate = await X509CertificateGenerator.createSelfSigned({ ...about, signingAlgorithm: EC, keys, extensions });
  const self: Authority = { certificate, keys };
  let serial = 2;
  return {
    certificate: certificate.toString("pem"),
    key: await keyPem(keys),
    async issue(
      names: readonly string[],
      { from = now, days = 90, algorithm }: { from?: number; days?: number; algorithm?: object } = {},
    ): Promise<TestCertificate> {
      const own = await generate(algorithm);
      const made = await X509CertificateGenerator.create({
        serialNumber: (serial++).toString(16).padStart(2, "0"),
        subject: "CN=leaf",
        issuer: self.certificate.subject,
        notBefore: new Date(from),
        notAfter: new Date(from + days * DAY),
        publicKey: own.publicKey,
        signingKey: self.keys.privateKey,
        signingAlgorithm: EC,
        extensions:
          names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns" as const, value })))],
      });
      return { certificate: made.toString("pem"), key: await keyPem(own) };
    },
  };
}

/** Of a test server at an address, signed by itself. */
export async function serverCertificate(address: string, now: number): Promise<TestCertificate> {
  const keys = await generate();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=Test Server",
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + 365 * DAY),
    signingAlgorithm: EC,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new SubjectAlternativeNameExtension([{ type: "ip", value: address }]),
    ],
  });
  return { certificate: certificate.toString("pem"), key: await keyPem(keys) };
}

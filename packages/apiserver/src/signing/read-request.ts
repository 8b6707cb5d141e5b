// Its dependency injection wants this to be there first.
import "reflect-metadata";
import { PemConverter, Pkcs10CertificateRequest } from "@peculiar/x509";
import type { SigningRequest } from "@ebb/kube";

/** The PKCS #10 request in a CertificateSigningRequest. Throws Error, saying what is wrong with it. */
export function readRequest({ spec }: SigningRequest): Pkcs10CertificateRequest {
  const pem = Buffer.from(spec.request, "base64").toString();
  if (!/-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----/.test(pem)) throw new Error("PEM block type must be CERTIFICATE REQUEST");
  const [der] = PemConverter.decode(pem);
  if (!der) throw new Error("PEM block type must be CERTIFICATE REQUEST");
  return new Pkcs10CertificateRequest(der);
}

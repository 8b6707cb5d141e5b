import type { AdmissionRequest } from "../admit.ts";
import { dnsSubdomainFaults } from "../dns-names.ts";
import type { Kind } from "../kinds/kind.ts";
import type { KubeObject } from "../meta.ts";
import { duplicateValue, invalidValue, oneOf, refuseInvalid, requiredField, type FieldCause } from "../status-errors.ts";
import type { SigningRequest } from "./signing-request.ts";

/** certificates/v1 KeyUsage; sorted, as they are listed in refusals. */
const USAGES = [
  ..."any|cert sign|client auth|code signing|content commitment|crl sign|data encipherment|decipher only|digital signature".split("|"),
  ..."email protection|encipher only|ipsec end system|ipsec tunnel|ipsec user|key agreement|key encipherment|microsoft sgc".split("|"),
  ..."netscape sgc|ocsp signing|s/mime|server auth|signing|timestamping".split("|"),
];
const SHORTEST = 600;

/**
 * k8s.io/kubernetes pkg/registry/certificates: who asks is what the server knows, whatever the request says, and what was asked for is never changed
 * again. Throws Invalid in upstream's words. The request itself is read where there is a reader of PKCS #10.
 */
export function admitSigningRequest(object: KubeObject, { old, requester }: AdmissionRequest, kind: Kind): KubeObject {
  const asked = object as SigningRequest;
  if (old) return { ...asked, spec: (old as SigningRequest).spec };
  const { username: _, uid: __, groups: ___, extra: ____, ...wish } = asked.spec ?? {};
  const causes = wishCauses(wish);
  refuseInvalid(kind, object, causes);
  const { name = "", uid, groups = [], extra } = requester ?? {};
  const spec = { ...wish, username: name, ...(uid ? { uid } : {}), groups: [...groups], ...(extra ? { extra } : {}) };
  return { ...asked, spec };
}

function wishCauses({ request, usages = [], signerName, expirationSeconds }: Partial<SigningRequest["spec"]>): FieldCause[] {
  const repeated = usages.filter((usage, index) => usages.indexOf(usage) < index);
  return [
    ...(request ? [] : [requiredField("spec.request")]),
    ...(usages.length === 0 ? [requiredField("spec.usages", "usages must be provided")] : []),
    ...usages.flatMap((usage, index) => oneOf(usage, USAGES, `spec.usages[${index}]`)),
    ...repeated.map((usage) => duplicateValue(`spec.usages[${usages.lastIndexOf(usage)}]`, usage)),
    ...signerCauses(signerName),
    ...(expirationSeconds !== undefined && expirationSeconds < SHORTEST
      ? [invalidValue("spec.expirationSeconds", expirationSeconds, "may not specify a duration less than 600 seconds (10 minutes)")]
      : []),
  ];
}

function signerCauses(signerName: string | undefined): FieldCause[] {
  const field = "spec.signerName";
  if (!signerName) return [requiredField(field)];
  const [domain = "", path = "", ...more] = signerName.split("/");
  const form = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
  if (more.length > 0 || path === "" || !domain.includes(".")) return [invalidValue(field, signerName, form)];
  if (signerName === "kubernetes.io/legacy-unknown")
    return [invalidValue(field, signerName, "the legacy signerName is not allowed via this API version")];
  return [...dnsSubdomainFaults(domain), ...dnsSubdomainFaults(path)].map((why) => invalidValue(field, signerName, why));
}

import {
  CERTIFICATES_GROUP,
  CertificateSigningRequests,
  CLIENT_SIGNER,
  forbidden,
  hasSigningCondition,
  invalid,
  invalidValue,
  sameJson,
  type Kind,
  type KubeObject,
  type SigningRequest,
} from "@ebb/kube";
import type { Authorize } from "../authz/attributes.ts";
import { MASTERS } from "../authz/authorizer.ts";
import type { StatusWrite } from "../registry/registry.ts";
import { readRequest } from "./read-request.ts";

/** Longer ones say no more of what is wrong with a request. */
const SHOWN = 100;

/** Of a new one: that it can be read, and asks for nothing that nobody may sign. Throws Invalid or Forbidden. */
export function checkSigningRequest(kind: Kind, object: KubeObject, old: KubeObject | undefined): void {
  if (old || kind.group !== CERTIFICATES_GROUP) return;
  const request = object as SigningRequest;
  const { name } = object.metadata;
  let organisations: string[];
  try {
    organisations = readRequest(request).subjectName.getField("O");
  } catch (error) {
    const why = error instanceof Error ? error.message : "it cannot be read";
    throw invalid(kind, name, [invalidValue("spec.request", request.spec.request.slice(0, SHOWN), why)]);
  }
  // plugin/pkg/admission/certificates/subjectrestriction: what would make an administrator of anybody.
  if (request.spec.signerName === CLIENT_SIGNER && organisations.includes(MASTERS))
    throw forbidden(kind, name, `use of ${CLIENT_SIGNER} signer with ${MASTERS} group is not allowed`);
}

/**
 * Who decides on a request must be allowed to `approve` for its signer, who issues to `sign` for it: plugin/pkg/admission/certificates approval and
 * signing. The check throws Forbidden.
 */
export function createSigningCheck(authorize: Authorize): (write: StatusWrite) => void {
  return ({ kind, subresource, next, old, user }) => {
    if (kind.group !== CERTIFICATES_GROUP) return;
    const [before, after] = [old as SigningRequest, next as SigningRequest];
    const issues =
      before.status?.certificate !== after.status?.certificate ||
      !sameJson(before.status?.conditions, after.status?.conditions) ||
      hasSigningCondition(after, "Failed") !== hasSigningCondition(before, "Failed");
    if (subresource === "status" && !issues) return;
    const verb = subresource === "approval" ? "approve" : "sign";
    const { signerName } = before.spec;
    if (maySigner(authorize, { user, verb, signerName })) return;
    const what = verb === "approve" ? "approve requests with" : "sign requests with";
    throw forbidden(
      CertificateSigningRequests,
      next.metadata.name,
      `user not permitted to ${what} signerName ${JSON.stringify(signerName)}`,
    );
  };
}

/** By the signer's own name, or by that of its domain: `example.com/*`. */
function maySigner(
  authorize: Authorize,
  { user, verb, signerName }: { user: StatusWrite["user"]; verb: string; signerName: string },
): boolean {
  const domain = `${signerName.split("/")[0] ?? ""}/*`;
  return [signerName, domain].some(
    (name) => authorize({ user, verb, group: CERTIFICATES_GROUP, resource: "signers", namespace: "", name }).allowed,
  );
}

import type { Kind } from "../kinds/kind.ts";
import type { KubeObject } from "../meta.ts";
import { badRequest } from "../status-errors.ts";
import { TRAFFIC_POLICY, validateTrafficPolicy } from "../traffic-policy.ts";
import { validateGateway } from "./validate-gateway.ts";
import { validateVirtualService } from "./validate-virtual-service.ts";

/** Istio's validating web hook. Throws BadRequest with all that is wrong, in its form. */
export function admitIstio(object: KubeObject, _request: unknown, kind: Kind): KubeObject {
  const spec = object.spec ?? {};
  const { metadata } = object;
  const own = validateTrafficPolicy(metadata.annotations).map(({ details = "" }) => `${TRAFFIC_POLICY}: ${details}`);
  const problems = [...(kind.kind === "Gateway" ? validateGateway({ metadata, spec }) : validateVirtualService({ spec })), ...own];
  if (problems.length === 0) return object;
  const [first = ""] = problems;
  const text =
    problems.length === 1 ? first : `${problems.length} errors occurred:\n${problems.map((problem) => `\t* ${problem}\n`).join("")}\n`;
  throw badRequest(`admission webhook "validation.istio.io" denied the request: configuration is invalid: ${text}`);
}

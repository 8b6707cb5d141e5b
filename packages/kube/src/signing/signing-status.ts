import { sameJson } from "../same-json.ts";
import { forbiddenField, invalidValue, refuseInvalid, type FieldCause } from "../status-errors.ts";
import { CertificateSigningRequests } from "../kinds/administration.ts";
import type { SigningCondition, SigningRequest } from "./signing-request.ts";

const DECISIONS = ["Approved", "Denied"];

type Status = NonNullable<SigningRequest["status"]>;

/**
 * What `/approval` or `/status` makes of a request's status: the one decides, once and for ever, the other says what came of it. `now` is RFC 3339.
 * Throws Invalid; k8s.io/kubernetes pkg/apis/certificates/validation.
 */
export function signingStatus(
  current: SigningRequest,
  incoming: SigningRequest,
  { subresource, now }: { subresource: "approval" | "status"; now: string },
): Status {
  const before = current.status ?? {};
  const given = incoming.status?.conditions ?? [];
  const conditions = given.map((condition) => withTimes(condition, before.conditions ?? [], now));
  const certificate = subresource === "approval" ? before.certificate : incoming.status?.certificate;
  const causes = [
    ...conditionCauses(before.conditions ?? [], conditions, subresource),
    ...(before.certificate && certificate !== before.certificate
      ? [invalidValue("status.certificate", "", "updates may not set certificate content if it is already set")]
      : []),
  ];
  refuseInvalid(CertificateSigningRequests, current, causes);
  return { ...(conditions.length > 0 ? { conditions } : {}), ...(certificate ? { certificate } : {}) };
}

function withTimes(condition: SigningCondition, before: readonly SigningCondition[], now: string): SigningCondition {
  const old = before.find(({ type }) => type === condition.type);
  const same = old?.status === condition.status;
  return {
    ...condition,
    lastUpdateTime: condition.lastUpdateTime ?? now,
    lastTransitionTime: condition.lastTransitionTime ?? (same ? (old.lastTransitionTime ?? now) : now),
  };
}

function conditionCauses(before: readonly SigningCondition[], after: readonly SigningCondition[], by: "approval" | "status"): FieldCause[] {
  const field = "status.conditions";
  const types = after.map(({ type }) => type);
  const decided = DECISIONS.filter((type) => types.includes(type));
  const wrong = after.flatMap(({ type, status }, index): FieldCause[] => [
    ...(type ? [] : [invalidValue(`${field}[${index}].type`, "", "must not be empty")]),
    ...(["Approved", "Denied", "Failed"].includes(type) && status !== "True"
      ? [invalidValue(`${field}[${index}].status`, status, 'must be "True"')]
      : []),
  ]);
  const gone = before
    .filter(({ type }) => !types.includes(type))
    .map(({ type }) => forbiddenField(field, `updates may not remove a condition of type ${JSON.stringify(type)}`));
  const meddled = [...DECISIONS, "Failed"].filter((type) => {
    const find = (list: readonly SigningCondition[]) => list.find((condition) => condition.type === type);
    const mine = by === "approval" ? DECISIONS.includes(type) : type === "Failed";
    const [old, next] = [find(before), find(after)];
    return next !== undefined && !sameJson(old, next) && (!mine || old !== undefined);
  });
  return [
    ...wrong,
    ...(decided.length > 1 ? [invalidValue(field, decided.join(","), "Approved and Denied conditions are mutually exclusive")] : []),
    ...gone,
    ...meddled.map((type) => forbiddenField(field, `updates may not modify a condition of type ${JSON.stringify(type)}`)),
  ];
}

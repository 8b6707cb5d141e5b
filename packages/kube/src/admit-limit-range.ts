import type { LimitRange, LimitRangeItem } from "./core.ts";
import type { Kind } from "./kinds/kind.ts";
import type { KubeObject } from "./meta.ts";
import { isQuantity, quantityValue } from "./quantity.ts";
import { duplicateValue, forbiddenField, invalidValue, refuseInvalid, unsupportedValue, type FieldCause } from "./status-errors.ts";

const TYPES = ["Container", "PersistentVolumeClaim", "Pod"];
const FIELDS = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const;

/** Fills in the defaults of a LimitRange and refuses what contradicts itself; k8s.io/kubernetes ValidateLimitRange. */
export function admitLimitRange(object: KubeObject, kind: Kind): KubeObject {
  const range = object as LimitRange;
  const limits = (range.spec?.limits ?? []).map(withDefaults);
  const types = limits.map(({ type }) => type);
  const causes = limits.flatMap((item, index): FieldCause[] => [
    ...itemCauses(item, `spec.limits[${index}]`),
    ...(types.indexOf(item.type) < index ? [duplicateValue(`spec.limits[${index}].type`, item.type)] : []),
  ]);
  refuseInvalid(kind, object, causes);
  const admitted: LimitRange = { ...range, spec: { ...range.spec, limits } };
  return admitted;
}

function withDefaults(item: LimitRangeItem): LimitRangeItem {
  if (item.type !== "Container") return item;
  const limit = { ...item.max, ...item.default };
  const request = { ...item.min, ...limit, ...item.defaultRequest };
  return {
    ...item,
    ...(Object.keys(limit).length > 0 ? { default: limit } : {}),
    ...(Object.keys(request).length > 0 ? { defaultRequest: request } : {}),
  };
}

function itemCauses(item: LimitRangeItem, at: string): FieldCause[] {
  const wrong = FIELDS.flatMap((field) =>
    Object.entries(item[field] ?? {})
      .filter(([, text]) => !isQuantity(text))
      .map(([name, text]) => invalidValue(`${at}.${field}[${name}]`, text, "must be a quantity, such as 500m or 2Gi")),
  );
  const type = TYPES.includes(item.type) ? [] : [unsupportedValue(`${at}.type`, item.type ?? "", TYPES)];
  const misplaced =
    item.type === "Container" ? [] : (["default", "defaultRequest"] as const).filter((field) => Object.keys(item[field] ?? {}).length > 0);
  const causes = [
    ...type,
    ...wrong,
    ...misplaced.map((field) => forbiddenField(`${at}.${field}`, `may not be specified when \`type\` is '${item.type}'`)),
  ];
  return causes.length > 0 ? causes : orderCauses(item, at);
}

/** min ≤ defaultRequest ≤ default ≤ max, of each resource. */
function orderCauses(item: LimitRangeItem, at: string): FieldCause[] {
  const names = [
    ["min", "min"],
    ["defaultRequest", "default request"],
    ["default", "default"],
    ["max", "max"],
  ] as const;
  return names.flatMap(([lower, lowerName], index) =>
    names.slice(index + 1).flatMap(([upper, upperName]) =>
      Object.entries(item[lower] ?? {}).flatMap(([resource, low]) => {
        const high = item[upper]?.[resource];
        if (high === undefined || quantityValue(low) <= quantityValue(high)) return [];
        return [invalidValue(`${at}.${lower}[${resource}]`, low, `${lowerName} value ${low} is greater than ${upperName} value ${high}`)];
      }),
    ),
  );
}

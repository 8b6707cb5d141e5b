import type { KubeEvent } from "../core.ts";
import { storedEventField } from "./convert-event.ts";
import type { Kind } from "../kinds/kind.ts";
import type { KubeObject } from "../meta.ts";
import { sameJson } from "../same-json.ts";
import { sameValue } from "../validate-immutable.ts";
import { invalidValue, oneOf, refuseInvalid, requiredField, type FieldCause } from "../status-errors.ts";

const LONGEST_NOTE = 1024;
const LONGEST_NAME = 128;

/** events.k8s.io/v1, in the parts that are checked. */
interface NewEvent extends KubeObject {
  eventTime?: string | null;
  reportingController?: string;
  reportingInstance?: string;
  action?: string;
  reason?: string;
  note?: string;
  type?: string;
  regarding?: { namespace?: string };
  series?: { count?: number; lastObservedTime?: string | null } | null;
}

/** k8s.io/kubernetes pkg/apis/core/validation legacyValidateEvent. */
export function admitEvent(object: KubeObject, _: KubeObject | undefined, kind: Kind): KubeObject {
  const { involvedObject, metadata } = object as KubeEvent;
  refuseInvalid(kind, object, placeCauses(involvedObject?.namespace, metadata.namespace, "involvedObject.namespace"));
  return object;
}

/** k8s.io/kubernetes pkg/apis/core/validation ValidateEventCreate and ValidateEventUpdate: what those of before 2019 need not say, these must. */
export function admitNewEvent(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const { regarding, metadata }: NewEvent = object;
  refuseInvalid(kind, object, [
    ...placeCauses(regarding?.namespace, metadata.namespace, "involvedObject.namespace"),
    ...(old ? changeCauses(object, old) : newCauses(object)),
  ]);
  return object;
}

function newCauses({ eventTime, reportingController, reportingInstance, action, reason, note = "", type, series }: NewEvent): FieldCause[] {
  const named = { reportingController, reportingInstance, action, reason };
  return [
    ...(eventTime ? [] : [requiredField("eventTime")]),
    ...Object.entries(named).flatMap(([field, value]) => (value ? tooLong(field, value, LONGEST_NAME) : [requiredField(field)])),
    ...oneOf(type, ["Normal", "Warning"], "type"),
    ...tooLong("note", note, LONGEST_NOTE),
    ...seriesCauses(series),
  ];
}

function seriesCauses(series: NewEvent["series"]): FieldCause[] {
  if (!series) return [];
  const { count = 0, lastObservedTime } = series;
  return [
    ...(count < 2 ? [invalidValue("series.count", "", "should be at least 2")] : []),
    ...(lastObservedTime ? [] : [requiredField("series.lastObservedTime")]),
  ];
}

const SAID_ONCE = [
  "regarding",
  "reason",
  "note",
  "deprecatedSource",
  "deprecatedFirstTimestamp",
  "deprecatedLastTimestamp",
  "deprecatedCount",
  "type",
  "eventTime",
  "action",
  "related",
  "reportingController",
  "reportingInstance",
] as const;

/** Whoever sees the same happen again counts it in the series; all else is said once. Upstream names the fields as it stores them, so this does. */
function changeCauses(object: NewEvent, old: NewEvent): FieldCause[] {
  const fieldOf = (of: KubeObject, name: string) => comparable((of as unknown as Record<string, unknown>)[name], name.endsWith("Time"));
  return [
    ...(sameJson(object.series, old.series) ? [] : seriesCauses(object.series)),
    ...SAID_ONCE.flatMap((name) => sameValue(fieldOf(object, name), fieldOf(old, name), storedEventField(name))),
  ];
}

/** Go's clients write a source that is not set as an empty object, leave out what is empty or zero, and write a time with six digits of its second. */
function comparable(value: unknown, isTime: boolean): unknown {
  if (value === "" || value === 0) return undefined;
  if (isTime && typeof value === "string") return new Date(value).toJSON();
  return typeof value === "object" && Object.keys(value ?? {}).length === 0 ? undefined : value;
}

function placeCauses(about: string | undefined, own: string | undefined, field: string): FieldCause[] {
  return about && about !== own ? [invalidValue(field, about, "does not match event.namespace")] : [];
}

function tooLong(field: string, value: string, most: number): FieldCause[] {
  return value.length > most ? [invalidValue(field, value, `can have at most ${most} characters`)] : [];
}

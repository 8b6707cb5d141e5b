import type { KubeEvent } from "../core.ts";
import type { Kind } from "../kinds/kind.ts";
import type { KubeObject } from "../meta.ts";
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
}

/** k8s.io/kubernetes pkg/apis/core/validation legacyValidateEvent. */
export function admitEvent(object: KubeObject, _: KubeObject | undefined, kind: Kind): KubeObject {
  const { involvedObject, metadata } = object as KubeEvent;
  refuseInvalid(kind, object, placeCauses(involvedObject?.namespace, metadata.namespace, "involvedObject.namespace"));
  return object;
}

/** k8s.io/kubernetes pkg/apis/core/validation ValidateEventCreate: what those of before 2019 need not say, these must. */
export function admitNewEvent(object: KubeObject, old: KubeObject | undefined, kind: Kind): KubeObject {
  const { eventTime, reportingController, reportingInstance, action, reason, note = "", type, regarding, metadata }: NewEvent = object;
  const named = { reportingController, reportingInstance, action, reason };
  refuseInvalid(kind, object, [
    ...placeCauses(regarding?.namespace, metadata.namespace, "involvedObject.namespace"),
    ...(old
      ? []
      : [
          ...(eventTime ? [] : [requiredField("eventTime")]),
          ...Object.entries(named).flatMap(([field, value]) => (value ? tooLong(field, value, LONGEST_NAME) : [requiredField(field)])),
          ...oneOf(type, ["Normal", "Warning"], "type"),
          ...tooLong("note", note, LONGEST_NOTE),
        ]),
  ]);
  return object;
}

function placeCauses(about: string | undefined, own: string | undefined, field: string): FieldCause[] {
  return about && about !== own ? [invalidValue(field, about, "does not match event.namespace")] : [];
}

function tooLong(field: string, value: string, most: number): FieldCause[] {
  return value.length > most ? [invalidValue(field, value, `can have at most ${most} characters`)] : [];
}

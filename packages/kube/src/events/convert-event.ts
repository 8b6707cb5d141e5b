import type { KubeObject } from "../meta.ts";

/** What a field of core/v1 Event is called in events.k8s.io/v1; all others have the same name. pkg/apis/events/v1/conversion.go. */
const NAMES: Readonly<Record<string, string>> = {
  involvedObject: "regarding",
  message: "note",
  reportingComponent: "reportingController",
  source: "deprecatedSource",
  firstTimestamp: "deprecatedFirstTimestamp",
  lastTimestamp: "deprecatedLastTimestamp",
  count: "deprecatedCount",
};
const OLD_NAMES: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(NAMES).map(([old, name]) => [name, old]));

export const EVENTS_API = "events.k8s.io/v1";

/** An Event of one of its two groups as one of the other. */
export function convertEvent(object: KubeObject, apiVersion: string): KubeObject {
  const names = apiVersion === EVENTS_API ? NAMES : OLD_NAMES;
  const fields = Object.entries(object).map(([name, value]) => [names[name] ?? name, value] as const);
  return { ...(Object.fromEntries(fields) as unknown as KubeObject), apiVersion };
}

/** A path to a field of events.k8s.io/v1 as one of what is stored. */
export function storedEventField(path: string): string {
  const [first = "", ...rest] = path.split(".");
  return [OLD_NAMES[first] ?? first, ...rest].join(".");
}

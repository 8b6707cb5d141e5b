import type { KubeObject } from "@ebb/kube";
import { age } from "./age.ts";
import { column, field, read, wide, type Column } from "./column.ts";

interface Times {
  firstTimestamp?: string;
  lastTimestamp?: string;
  eventTime?: string;
  count?: number;
  series?: { count?: number; lastObservedTime?: string };
}

/** Events have no name in front, and no age. */
export const EVENT_COLUMNS: readonly Column[] = [
  column("Last Seen", (object, now) => {
    const { series, lastTimestamp } = object as KubeObject & Times;
    return age(series ? series.lastObservedTime : (lastTimestamp ?? first(object)), now);
  }),
  field("Type", "type"),
  field("Reason", "reason"),
  column("Object", (object) => {
    const kind = String(read(object, ["involvedObject", "kind"])).toLowerCase();
    const name = read(object, ["involvedObject", "name"]);
    return name === "" ? kind : `${kind}/${name}`;
  }),
  wide("Subobject", (object) => read(object, ["involvedObject", "fieldPath"])),
  wide("Source", source),
  column("Message", (object) => String(read(object, ["message"])).trim()),
  wide("First Seen", (object, now) => age(first(object), now)),
  wide("Count", (object) => {
    const { series, count } = object as KubeObject & Times;
    return (series ? series.count : count) || 1;
  }),
  wide("Name", ({ metadata }) => metadata.name),
];

function first(object: KubeObject): string | undefined {
  const { firstTimestamp, eventTime } = object as KubeObject & Times;
  return firstTimestamp ?? eventTime;
}

function source(object: KubeObject): string {
  const component = read(object, ["source", "component"]) || read(object, ["reportingComponent"]);
  const instance = read(object, ["source", "host"]) || read(object, ["reportingInstance"]);
  return instance === "" ? String(component) : `${component}, ${instance}`;
}

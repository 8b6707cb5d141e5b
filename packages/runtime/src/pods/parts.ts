import { asksForAddress } from "../instance-values.ts";
import type { GroupSpec, InstanceSpec, MountSpec, PartSpec } from "../port.ts";

/** The instance that runs one of the further programs of another: in its group, as it. */
export function partInstance(main: InstanceSpec, part: PartSpec): InstanceSpec {
  const {
    parts = [],
    mounts = [],
    labels,
    workload,
    port,
    protocol,
    terminationGraceSeconds,
    identity,
    volumes,
    resolver,
    hostAliases,
    namespaces,
  } = main;
  return {
    id: partId(main.id, part.name),
    memberOf: { group: main.id, mounts: [...mounts, ...partMounts(parts)] },
    labels,
    workload,
    port,
    protocol,
    artifact: part.artifact,
    env: part.env,
    resources: part.resources,
    readiness: part.readiness ?? main.readiness,
    terminationGraceSeconds,
    ...(part.command ? { command: part.command } : {}),
    ...(part.args ? { args: part.args } : {}),
    ...(part.workingDirectory === undefined ? {} : { workingDirectory: part.workingDirectory }),
    ...(part.security ? { security: part.security } : {}),
    ...(part.mounts ? { mounts: part.mounts } : {}),
    ...(part.liveness ? { liveness: part.liveness } : {}),
    ...(part.startup ? { startup: part.startup } : {}),
    ...(identity ? { identity } : {}),
    ...(resolver ? { resolver } : {}),
    ...(hostAliases ? { hostAliases } : {}),
    ...(namespaces ? { namespaces } : {}),
    ...(part.terminationMessage ? { terminationMessage: part.terminationMessage } : {}),
    ...(volumes ? { volumes } : {}),
  };
}

/** No instance of a workload has a dot in its id. */
export function partId(main: string, part: string): string {
  return `${main}.${part}`;
}

/** The instance and its part that a driver's id means. */
export function splitPartId(id: string): { main: string; part?: string } {
  const dot = id.indexOf(".");
  return dot === -1 ? { main: id } : { main: id.slice(0, dot), part: id.slice(dot + 1) };
}

/** The group that an instance is in; undefined for one that is alone. One that must know its address before it starts is in one, too, as is one that is to share its processes. */
export function groupOf(spec: InstanceSpec): GroupSpec | undefined {
  if (spec.memberOf) return spec.memberOf;
  return spec.parts?.length || asksForAddress(spec) || spec.namespaces?.processes === "shared"
    ? { group: spec.id, mounts: allMounts(spec) }
    : undefined;
}

/** Of all members of its group: what one mounts, another may have made. */
export function allMounts({ memberOf, mounts = [], parts = [] }: InstanceSpec): MountSpec[] {
  return memberOf?.mounts ?? [...mounts, ...partMounts(parts)];
}

function partMounts(parts: readonly PartSpec[]): MountSpec[] {
  return parts.flatMap((part) => part.mounts ?? []);
}

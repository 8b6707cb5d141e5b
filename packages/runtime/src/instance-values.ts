import { createHash } from "node:crypto";
import type { InstanceSpec, PartSpec, Workload } from "./port.ts";

/**
 * Stand in the `env`, `command` and `args` of a template for what each instance has of its own: its id, its uid and the address that it is reached at.
 * No program could be given a NUL otherwise.
 */
export const INSTANCE_VALUES = { id: "\0id\0", uid: "\0uid\0", address: "\0address\0" } as const;

type Texts = Pick<PartSpec, "env" | "command" | "args">;

/** The uid of the Pod that records an instance: known before there is one. */
export function uidOf(id: string): string {
  const hex = createHash("sha256").update(`pod/${id}`).digest("hex");
  // RFC 9562 version 8, variant 8.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** An instance of a workload, with what it has of its own but its address. */
export function specOf({ template }: Workload, id: string): InstanceSpec {
  const fill = (text: string) => text.replaceAll(INSTANCE_VALUES.id, id).replaceAll(INSTANCE_VALUES.uid, uidOf(id));
  const spec = { ...filled(template, fill), id };
  return template.parts ? { ...spec, parts: template.parts.map((part) => filled(part, fill)) } : spec;
}

/** Whether it, or one of its parts, must be told its address before it starts. */
export function asksForAddress(spec: Texts & Pick<InstanceSpec, "parts">): boolean {
  const texts = [...Object.values(spec.env), ...(spec.command ?? []), ...(spec.args ?? [])];
  return texts.some((text) => text.includes(INSTANCE_VALUES.address)) || (spec.parts ?? []).some((part) => asksForAddress(part));
}

export function withAddress<T extends Texts>(spec: T, address: string): T {
  return filled(spec, (text) => text.replaceAll(INSTANCE_VALUES.address, address));
}

function filled<T extends Texts>(spec: T, fill: (text: string) => string): T {
  return {
    ...spec,
    env: Object.fromEntries(Object.entries(spec.env).map(([name, value]) => [name, fill(value)])),
    ...(spec.command ? { command: spec.command.map(fill) } : {}),
    ...(spec.args ? { args: spec.args.map(fill) } : {}),
  };
}

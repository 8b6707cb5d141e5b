import { isDeepStrictEqual } from "node:util";
import { childName, LABELS, type Configuration, type Revision } from "@ebb/kube";
import { isControlledBy } from "../engine/keys.ts";

/** The name of the Revision of this generation: the template's own, or `<configuration>-00007`. */
export function revisionName({ metadata, spec }: Configuration): string {
  return spec.template.metadata?.name ?? childName(metadata.name, `-${String(metadata.generation ?? 1).padStart(5, "0")}`);
}

/** Whether the Revision of the name that the template chose belongs to somebody else, or to another content. */
export function nameTaken(configuration: Configuration, existing: Revision | undefined): boolean {
  if (!existing || !configuration.spec.template.metadata?.name) return false;
  if (existing.metadata.name !== configuration.spec.template.metadata.name) return false;
  if (!isControlledBy(existing, configuration)) return true;
  if (existing.metadata.labels?.[LABELS.configurationGeneration] === String(configuration.metadata.generation)) return false;
  return !isDeepStrictEqual(existing.spec, configuration.spec.template.spec);
}

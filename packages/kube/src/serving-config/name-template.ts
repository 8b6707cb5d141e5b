import { UserError } from "@ebb/base";

/** What a container's name may be made from: the metadata of the object that the template is in. */
export interface NameSource {
  name?: string;
  namespace?: string;
  generateName?: string;
}
export type NameTemplate = (source: NameSource) => string;

const ACTION = /\{\{-?\s*\.(Name|Namespace|GenerateName)\s*-?\}\}/g;

/** A Go template with the fields of ObjectMeta that make sense in a name. Throws UserError `invalid_config` for any other action. */
export function parseNameTemplate(text: string): NameTemplate {
  const rest = text.replace(ACTION, "");
  if (rest.includes("{{") || rest.includes("}}")) {
    throw new UserError("invalid_config", `error executing template: template: container-template:1: cannot read ${JSON.stringify(text)}`, {
      hint: "Use {{.Name}}, {{.Namespace}} and {{.GenerateName}} only.",
    });
  }
  return ({ name = "", namespace = "", generateName = "" }) => {
    const fields: Record<string, string> = { Name: name, Namespace: namespace, GenerateName: generateName };
    return text.replace(ACTION, (_, field: string) => fields[field] ?? "");
  };
}

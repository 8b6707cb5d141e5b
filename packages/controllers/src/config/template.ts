import { UserError } from "@ebb/base";

/** What a domain or tag template may ask for. */
export interface TemplateValues {
  Name: string;
  Namespace?: string;
  Domain?: string;
  Tag?: string;
  Annotations?: Readonly<Record<string, string>>;
  Labels?: Readonly<Record<string, string>>;
}

const ACTION = /\{\{-?\s*(?:\.(Name|Namespace|Domain|Tag)|index\s+\.(Annotations|Labels)\s+"([^"]+)")\s*-?\}\}/g;
const LONGEST = 1024;

/**
 * A Go template in the two forms that Knative's documentation uses, `{{.Name}}` and `{{index .Annotations "key"}}`. Throws UserError
 * `invalid_config` for any other action: a host made from half a template would be worse than none.
 */
export function parseTemplate(text: string): (values: TemplateValues) => string {
  const rest = text.replace(ACTION, "");
  if (text.length > LONGEST || rest.includes("{{") || rest.includes("}}")) {
    throw new UserError("invalid_config", `cannot read the template ${JSON.stringify(text.slice(0, LONGEST))}`, {
      hint: 'Use {{.Name}}, {{.Namespace}}, {{.Domain}}, {{.Tag}}, {{index .Annotations "key"}} and {{index .Labels "key"}} only.',
    });
  }
  return (values) =>
    text.replace(ACTION, (_, field: "Name" | undefined, map: "Annotations" | "Labels", key: string) =>
      field === undefined ? (values[map]?.[key] ?? "") : (values[field] ?? ""),
    );
}

import { UserError } from "@ebb/base";
import { parseGoTemplate } from "@ebb/kube";

/** What a domain or tag template may ask for. */
export interface TemplateValues {
  Name: string;
  Namespace?: string;
  Domain?: string;
  Tag?: string;
  Annotations?: Readonly<Record<string, string>>;
  Labels?: Readonly<Record<string, string>>;
}

const SHAPE = { Name: "value", Namespace: "value", Domain: "value", Tag: "value", Annotations: "map", Labels: "map" } as const;
const LONGEST = 1024;

/** Throws UserError `invalid_config` for a template that cannot be read as a whole. */
export function parseTemplate(text: string): (values: TemplateValues) => string {
  try {
    if (text.length > LONGEST) throw new SyntaxError("too long");
    const template = parseGoTemplate(text, SHAPE);
    return (values) => template({ ...values });
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new UserError("invalid_config", `cannot read the template ${JSON.stringify(text.slice(0, LONGEST))}`, {
      cause,
      hint: 'Use {{.Name}}, {{.Namespace}}, {{.Domain}}, {{.Tag}}, {{index .Annotations "key"}}, {{index .Labels "key"}}, eq, or, and, if … else … end only.',
    });
  }
}

import { isValueText } from "../http1/bytes.ts";
import { withoutField } from "../http1/forwarding.ts";
import { kindOfName } from "../http1/known-fields.ts";
import type { HeaderChanges } from "../route-table.ts";
import { compileFormat, type Format, type FormatContext } from "./formatter.ts";

/** Changes to a text of field lines. `authority` is set apart: it is no field of the text. */
export interface CompiledChanges {
  authority: Format | undefined;
  apply(fields: string, context: FormatContext): string;
}

/** Undefined when there is nothing to change. Framing and connection headers are the gateway's own, and left alone. */
export function compileChanges({ set = {}, add = {}, remove = [] }: HeaderChanges = {}): CompiledChanges | undefined {
  const values = (from: Record<string, string>) =>
    Object.entries(from).flatMap(([name, value]) => (isOurs(name) ? [] : [[name, compileFormat(value)] as const]));
  const sets = values(set);
  const adds = values(add);
  const removed = remove.filter((name) => !isOurs(name));
  const authority = [...Object.entries(set), ...Object.entries(add)].find(([name]) => /^(?::authority|host)$/i.test(name))?.[1];
  if (sets.length + adds.length + removed.length === 0 && authority === undefined) return undefined;
  return {
    authority: authority === undefined ? undefined : compileFormat(authority),
    apply(fields, context) {
      let text = fields;
      // Values are those of the request as it came, whatever is removed.
      const written = [...sets, ...adds].map(([name, format]) => ({ name, value: format(context) }));
      for (const name of removed) text = withoutField(text, name);
      for (const [name] of sets) text = withoutField(text, name);
      for (const { name, value } of written) if (isValueText(value)) text += `${name}: ${value}\r\n`;
      return text;
    },
  };
}

function isOurs(name: string): boolean {
  if (name.startsWith(":")) return true;
  const kind = kindOfName(name.toLowerCase());
  return kind !== "other" && kind !== "x-request-id";
}

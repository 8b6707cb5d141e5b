import type { Said } from "@ebb/api";
import type { Dictionary } from "./en.ts";

/** What was said in the reader's language; undefined where the platform's own English is all there is: in English, or for a newer platform's code. */
export function saidWords({ said: texts }: Dictionary, parts: readonly Said[] | undefined): string | undefined {
  if (parts === undefined || parts.length === 0) return undefined;
  const words = parts.map(({ code, with: values = {} }) =>
    Object.hasOwn(texts, code)
      ? texts[code]?.replaceAll(/\{(\w+)\}/g, (hole, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : hole))
      : undefined,
  );
  return words.includes(undefined) ? undefined : words.join("");
}

/** What the audit trail calls it, in words; its code where it has none, as a request that is there by its route. */
export function actionWords({ auditActions }: Dictionary, action: string): string | undefined {
  return Object.hasOwn(auditActions, action) ? auditActions[action as keyof typeof auditActions] : undefined;
}

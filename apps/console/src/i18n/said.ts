import type { Said } from "@ebb/api";
import type { Dictionary } from "./en.ts";

/** Filled with the names of strategies: of one, or of several with the count that each asked for. */
const STRATEGY_HOLES = new Set(["strategy", "others"]);

/** The names of strategies, as the autoscaler's journal has them, in the reader's language: `cron 0 8 * * * – …`, `lag of URL`, `rps 2, cpu 1`. */
export function strategyWords({ strategies }: Dictionary, names: string): string {
  return names.replaceAll(/(^|, )(lag of|[a-z]+)(?= |,|$)/g, (whole, before: string, name: string) =>
    Object.hasOwn(strategies, name) ? `${before}${strategies[name]}` : whole,
  );
}

/** What was said in the reader's language; undefined where the platform's own English is all there is: in English, or for a newer platform's code. */
export function saidWords(text: Dictionary, parts: readonly Said[] | undefined): string | undefined {
  if (parts === undefined || parts.length === 0) return undefined;
  const { said: texts } = text;
  const words = parts.map(({ code, with: values = {} }) =>
    Object.hasOwn(texts, code)
      ? texts[code]?.replaceAll(/\{(\w+)\}/g, (hole, name: string) => {
          if (!Object.hasOwn(values, name)) return hole;
          const value = String(values[name]);
          return STRATEGY_HOLES.has(name) ? strategyWords(text, value) : value;
        })
      : undefined,
  );
  return words.includes(undefined) ? undefined : words.join("");
}

/** What the audit trail calls it, in words; its code where it has none, as a request that is there by its route. */
export function actionWords({ auditActions }: Dictionary, action: string): string | undefined {
  return Object.hasOwn(auditActions, action) ? auditActions[action as keyof typeof auditActions] : undefined;
}

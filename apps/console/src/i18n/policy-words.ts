import { enPolicy } from "./en-policy.ts";
import { usePageWords } from "./language.tsx";
import { zhPolicy } from "./zh-policy.ts";

export type PolicyWords = typeof enPolicy;

const WORDS = { en: enPolicy, "zh-CN": zhPolicy };

/** Of the page of an app's scaling policy alone. */
export const usePolicyWords = (): PolicyWords => usePageWords(WORDS);

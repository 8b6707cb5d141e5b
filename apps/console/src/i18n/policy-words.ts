import { enPolicy } from "./en-policy.ts";
import { useSpeech, type Language } from "./language.tsx";
import { zhPolicy } from "./zh-policy.ts";

export type PolicyWords = typeof enPolicy;

const WORDS: Record<Language, PolicyWords> = { en: enPolicy, "zh-CN": zhPolicy };

/** Words of one page alone: they come with its file, in both languages, and not with the first page's dictionary. */
export const usePolicyWords = (): PolicyWords => WORDS[useSpeech().language];

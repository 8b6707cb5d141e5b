import { enDecision } from "./en-decision.ts";
import { usePageWords } from "./language.tsx";
import { zhDecision } from "./zh-decision.ts";

const WORDS = { en: enDecision, "zh-CN": zhDecision };

/** Of the page of decisions alone. */
export const useDecisionWords = () => usePageWords(WORDS);

import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import type { Locale } from "antd/es/locale";
import type { Dictionary } from "./en.ts";
import { createFormat, type Format } from "./format.ts";

export type Language = "en" | "zh-CN";

/** All that is said in a language, and what Ant Design says in it. */
interface Words {
  text: Dictionary;
  locale: Locale;
}

/** One is enough for most readers: each is a file of its own. */
const WORDS: Record<Language, () => Promise<Words>> = {
  en: () => import("./words-en.ts"),
  "zh-CN": () => import("./words-zh.ts"),
};

interface Speech extends Words {
  language: Language;
  setLanguage: (language: Language) => void;
  format: Format;
}

const STORED = "ebb.language";
const Context = createContext<Speech | null>(null);

/** The remembered choice, else the first language of the browser that the console speaks, else English. */
function initial(): Language {
  const stored = localStorage.getItem(STORED);
  if (stored === "en" || stored === "zh-CN") return stored;
  for (const tag of navigator.languages) {
    if (tag.startsWith("zh")) return "zh-CN";
    if (tag.startsWith("en")) return "en";
  }
  return "en";
}

export interface Spoken {
  language: Language;
  words: Words;
}

/** The language that the console begins in, with its words. */
export async function begin(): Promise<Spoken> {
  const language = initial();
  return { language, words: await WORDS[language]() };
}

export function LanguageProvider({ begun, children }: { begun: Spoken; children: ReactNode }) {
  const [{ language, words }, setSpoken] = useState(begun);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const speech = useMemo<Speech>(
    () => ({
      ...words,
      language,
      setLanguage: (next) => {
        localStorage.setItem(STORED, next);
        void WORDS[next]().then((loaded) => setSpoken({ language: next, words: loaded }));
      },
      format: createFormat(language),
    }),
    [language, words],
  );
  return <Context value={speech}>{children}</Context>;
}

export function useSpeech(): Speech {
  const speech = use(Context);
  if (speech === null) throw new Error("useSpeech outside LanguageProvider");
  return speech;
}

export function useText(): Dictionary {
  return useSpeech().text;
}

export function useFormat(): Format {
  return useSpeech().format;
}

/** Words of one page alone: they come with its file, in all languages, and not with the dictionary that the first page waits for. */
export function usePageWords<T>(words: Readonly<Record<Language, T>>): T {
  return words[useSpeech().language];
}

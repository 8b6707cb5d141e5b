import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import { en, type Dictionary } from "./en.ts";
import { createFormat, type Format } from "./format.ts";
import { zh } from "./zh.ts";

export type Language = "en" | "zh-CN";

interface Speech {
  language: Language;
  setLanguage: (language: Language) => void;
  text: Dictionary;
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

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(initial);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const speech = useMemo<Speech>(
    () => ({
      language,
      setLanguage: (next) => {
        localStorage.setItem(STORED, next);
        setLanguage(next);
      },
      text: language === "en" ? en : zh,
      format: createFormat(language),
    }),
    [language],
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

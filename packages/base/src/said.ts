/** Something said to people: by a stable code with what fills it, so that a reader's own language has words for it, and in English. */
export interface Said {
  readonly code: string;
  readonly with?: Readonly<Record<string, string | number>>;
  readonly words: string;
}

/** What is sent and stored of it beside the English words. */
export type SaidCode = Omit<Said, "words">;

/** Fills each `{name}` of a text. */
export function fill(text: string, values: Readonly<Record<string, string | number>> = {}): string {
  return text.replaceAll(/\{(\w+)\}/g, (hole, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : hole));
}

/** The way to say what a catalogue of English texts has, by its codes. */
export function sayings<T extends Readonly<Record<string, string>>>(texts: T) {
  return (code: keyof T & string, values?: Said["with"]): Said => ({
    code,
    ...(values === undefined ? {} : { with: values }),
    words: fill(texts[code] ?? code, values),
  });
}

/** Without its words. */
export const codeOf = ({ words: _words, ...rest }: Said): SaidCode => rest;

/** Where a letter after `g` leads. */
export const PLACES = { a: "/", d: "/deploy", o: "/operations", v: "/approvals", t: "/teams", u: "/usage", p: "/status" } as const;
export type PlaceKey = keyof typeof PLACES;

const STORED = "ebb.keys";
/** Milliseconds between `g` and its letter. */
const TOGETHER = 1500;

/** Shortcuts of single keys can be switched off, as somebody who dictates would set them off by speaking (WCAG 2.1.4). */
export const singleKeys = {
  get on(): boolean {
    return localStorage.getItem(STORED) !== "off";
  },
  set on(on: boolean) {
    if (on) localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, "off");
  },
};

interface Pressed {
  key: string;
  /** A key that is typed into something, or pressed together with another. */
  elsewhere: boolean;
  at: number;
}

export type Meant = { do: "help" } | { do: "go"; to: (typeof PLACES)[PlaceKey] } | { do: "wait" } | null;

/** What a key means; `began` is when `g` was pressed before it. Pure. */
export function meaningOf({ key, elsewhere, at }: Pressed, began: number | null): Meant {
  if (elsewhere) return null;
  if (key === "?") return { do: "help" };
  if (began !== null && at - began <= TOGETHER && Object.hasOwn(PLACES, key)) return { do: "go", to: PLACES[key as PlaceKey] };
  return key === "g" ? { do: "wait" } : null;
}

/** Whether keys are typed there. */
export function takesKeys(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest("input, textarea, select, [contenteditable], [role=textbox], dialog, .terminal") !== null
  );
}

import { createHash } from "node:crypto";

/** From the most general to the most particular: a later one wins. `source`: what ebb.yaml or the image's request states. */
export const LAYERS = ["source", "platform", "team", "environment", "app"] as const;
export type Layer = (typeof LAYERS)[number];

/** `text`: of a variable as it was written, of a secret its print; `hidden` takes away what layers above state. */
export interface Value {
  kind: "variable" | "secret" | "hidden";
  text: string;
}
export type LayerValues<V extends Value = Value> = ReadonlyMap<string, V>;

/** A value with where it comes from, and which layers it wins over. */
export type Entry<V extends Value = Value> = V & { layer: Layer; over: readonly Layer[] };
export type Merged<V extends Value = Value> = ReadonlyMap<string, Entry<V>>;

export interface Resolved {
  value: string;
  /** It is a secret, or refers to one. */
  secret: boolean;
}

/** `chain`: the names from the one that cannot be resolved to the one that is at fault. */
export class ReferenceFault extends Error {
  readonly chain: readonly string[];
  constructor(chain: readonly string[], what: string) {
    super(`${chain.join(" → ")}: ${what}`);
    this.chain = chain;
  }
}

/** `$${NAME}` stands for the text `${NAME}`. */
const REFERENCE = /\$(\$?)\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
/** As long as a secret may be: references to references could else grow without bound. */
const LONGEST_VALUE = 262_144;

export function mergeLayers<V extends Value>(layers: Readonly<Partial<Record<Layer, LayerValues<V>>>>): Merged<V> {
  const merged = new Map<string, Entry<V>>();
  for (const layer of LAYERS) {
    for (const [name, value] of layers[layer] ?? []) {
      const present = merged.get(name);
      merged.set(name, { ...value, layer, over: present ? [...present.over, present.layer] : [] });
    }
  }
  return merged;
}

/**
 * Each value with the references in it replaced: by name, of the merged set. Secrets are taken as they are (a password may contain anything);
 * what refers to one is secret itself. `reveal` gives a secret's text. Throws ReferenceFault for unknown names and for cycles.
 */
export function resolve<V extends Value>(merged: Merged<V>, reveal: (name: string, entry: Entry<V>) => string): Map<string, Resolved> {
  const done = new Map<string, Resolved>();
  const visit = (name: string, chain: readonly string[]): Resolved => {
    const known = done.get(name);
    if (known) return known;
    const entry = merged.get(name);
    const path = [...chain, name];
    if (!entry || entry.kind === "hidden") throw new ReferenceFault(path, `there is no ${name}`);
    if (chain.includes(name)) throw new ReferenceFault(path, "this is a circle");
    const resolved = entry.kind === "secret" ? { value: reveal(name, entry), secret: true } : expand(entry.text, path);
    done.set(name, resolved);
    return resolved;
  };
  const expand = (text: string, path: readonly string[]): Resolved => {
    let secret = false;
    let length = text.length;
    const value = text.replaceAll(REFERENCE, (whole, escape: string, name: string) => {
      if (escape !== "") return whole.slice(1);
      const target = visit(name, path);
      secret ||= target.secret;
      length += target.value.length;
      if (length > LONGEST_VALUE) throw new ReferenceFault(path, `longer than ${LONGEST_VALUE} characters`);
      return target.value;
    });
    return { value, secret };
  };
  for (const [name, { kind }] of merged) if (kind !== "hidden") visit(name, []);
  return done;
}

/** What a value that refers to secrets is told apart by: it changes with what it refers to. */
export function printOfResolved({ value }: Resolved): string {
  return createHash("sha256").update(value).digest("hex").slice(0, 16);
}

/** A text that stands for itself. */
export function escapeReferences(text: string): string {
  return text.replaceAll(/\$(?=\{[A-Za-z_][A-Za-z0-9_]*\})/g, "$$$$");
}

import type { InstanceSpec } from "../port.ts";

interface MadeAheadParts<C> {
  /** Something that may take long, and without which what is made is only the slower. */
  look(spec: InstanceSpec): Promise<void>;
  make(spec: InstanceSpec): Promise<C>;
}

interface Ahead<C> {
  spec: InstanceSpec;
  making: Promise<C | undefined>;
  /** Somebody waits for it. */
  hurry(): void;
}

/** `nothing` was made of it yet; or it is not known what is there, as it `failed`. */
export type Made<C> = C | "nothing" | "failed";

/** What is made of instances before anybody wants them. Invariant: whoever takes one waits for what is being made, and for nothing else. */
export class MadeAhead<C extends object> {
  readonly #parts: MadeAheadParts<C>;
  readonly #known = new Map<string, Ahead<C>>();

  constructor(parts: MadeAheadParts<C>) {
    this.#parts = parts;
  }

  has(id: string): boolean {
    return this.#known.has(id);
  }

  /** Rejects when it could not be made, and nobody has taken it meanwhile. */
  async make(spec: InstanceSpec): Promise<void> {
    const wanted = Promise.withResolvers<"wanted">();
    const making = this.#make(spec, wanted.promise);
    const ahead = { spec, making, hurry: () => wanted.resolve("wanted") };
    this.#known.set(spec.id, ahead);
    try {
      await making;
    } catch (error) {
      if (this.#known.get(spec.id) !== ahead) return;
      this.#known.delete(spec.id);
      throw error;
    }
  }

  /** It is the caller's from now on. */
  take(id: string): { spec: InstanceSpec; made: Promise<Made<C>> } | undefined {
    const ahead = this.#known.get(id);
    if (!ahead) return undefined;
    this.#known.delete(id);
    ahead.hurry();
    const made = ahead.making.then(
      (whole) => whole ?? ("nothing" as const),
      () => "failed" as const,
    );
    return { spec: ahead.spec, made };
  }

  async #make(spec: InstanceSpec, wanted: Promise<"wanted">): Promise<C | undefined> {
    const first = await Promise.race([this.#parts.look(spec), wanted]);
    return first === "wanted" ? undefined : this.#parts.make(spec);
  }
}

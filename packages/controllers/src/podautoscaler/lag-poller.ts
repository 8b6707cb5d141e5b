import { causeChain, type Clock, type Logger } from "@ebb/base";

const PERIOD = 5000;
const PATIENCE = 3000;
/** What was read so long ago says nothing any more. */
const VALID = 60_000;
const LARGEST = 65_536;

interface Known {
  askedAt: number;
  value?: number;
  readAt?: number;
  failing: boolean;
}

export interface LagPollerOptions {
  clock: Clock;
  log: Logger;
}

/**
 * Reads how many events wait from the URLs that strategies name: a number, or a JSON object with a number `lag`. Each URL is asked every
 * five seconds while somebody wants it, without credentials and without following redirects; what cannot be read is not known.
 */
export class LagPoller {
  readonly #options: LagPollerOptions;
  readonly #known = new Map<string, Known>();
  readonly #stopped = new AbortController();
  readonly #asking = new Set<Promise<void>>();

  constructor(options: LagPollerOptions) {
    this.#options = options;
  }

  /** Asks those that are due, and forgets all others. */
  refresh(urls: ReadonlySet<string>): void {
    const now = this.#options.clock.monotonic();
    for (const url of this.#known.keys()) if (!urls.has(url)) this.#known.delete(url);
    for (const url of urls) {
      const known = this.#known.get(url) ?? { askedAt: Number.NEGATIVE_INFINITY, failing: false };
      this.#known.set(url, known);
      if (now - known.askedAt < PERIOD || this.#stopped.signal.aborted) continue;
      known.askedAt = now;
      const asking = this.#ask(url, known).finally(() => this.#asking.delete(asking));
      this.#asking.add(asking);
    }
  }

  /** What is known at the moment, by URL. */
  values(): ReadonlyMap<string, number> {
    const now = this.#options.clock.monotonic();
    const values = new Map<string, number>();
    for (const [url, { value, readAt }] of this.#known) if (value !== undefined && now - (readAt ?? 0) <= VALID) values.set(url, value);
    return values;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#asking);
  }

  async #ask(url: string, known: Known): Promise<void> {
    const { clock, log } = this.#options;
    const late = new AbortController();
    const timer = clock.after(PATIENCE, () => late.abort());
    try {
      const signal = AbortSignal.any([late.signal, this.#stopped.signal]);
      const response = await fetch(url, { redirect: "error", signal, headers: { accept: "application/json, text/plain" } });
      if (!response.ok) throw new Error(`it answered ${response.status}`);
      known.value = parseLag(await readText(response));
      known.readAt = clock.monotonic();
      known.failing = false;
    } catch (error) {
      if (!known.failing && !this.#stopped.signal.aborted)
        log.warn({ url, reason: causeChain(error) }, "the lag of events could not be read");
      known.failing = true;
    } finally {
      timer.cancel();
    }
  }
}

async function readText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > LARGEST) throw new Error(`it answered more than ${LARGEST} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Throws when it is neither a number nor an object with a number `lag`. */
export function parseLag(text: string): number {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const lag = typeof value === "object" && value !== null ? (value as { lag?: unknown }).lag : value;
  if (typeof lag !== "number" || !(lag >= 0 && lag <= Number.MAX_SAFE_INTEGER))
    throw new Error("it answered neither a number nor an object with a number `lag`");
  return lag;
}

interface Reading {
  /** Monotonic milliseconds. */
  at: number;
  /** Since the process began. */
  cpuMs: number;
}

/** A rate of CPU is taken over as much of this as there is; what metrics-server uses by default. */
const SPAN = 15_000;
/** A reading older than this says nothing of now. */
const STALE = 60_000;

/** Rates of CPU, from readings some time apart. */
export class CpuRates {
  /** By what was read; oldest first. */
  readonly #readings = new Map<string, Reading[]>();

  /** Notes a reading. The cores in use since the oldest one that is not long ago; undefined for the first. */
  note(id: string, reading: Reading): { cores: number; windowMs: number } | undefined {
    const readings = (this.#readings.get(id) ?? []).filter(({ at }) => at >= reading.at - STALE);
    readings.push(reading);
    while (readings.length > 2 && (readings[1]?.at ?? reading.at) <= reading.at - SPAN) readings.shift();
    this.#readings.set(id, readings);
    const first = readings[0];
    if (!first || first.at >= reading.at) return undefined;
    const windowMs = reading.at - first.at;
    return { cores: Math.max(0, reading.cpuMs - first.cpuMs) / windowMs, windowMs };
  }

  /** Forgets all but these. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#readings.keys()) if (!ids.has(id)) this.#readings.delete(id);
  }
}

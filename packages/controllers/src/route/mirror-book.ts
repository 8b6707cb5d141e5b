import { LATENCY_BOUNDS, type ComparedSample, type MirrorStats, type TrafficTotals } from "@ebb/gateway";
import type { HttpRoute, VirtualService } from "@ebb/kube";
import { keyOf } from "../engine/keys.ts";

/** How the answers of one revision to copies compare with those of another that the clients got. */
export interface MirrorComparison extends Omit<MirrorStats, "mainLatency" | "shadowLatency"> {
  /** The revision that was sent the copies. */
  shadow: string;
  /** Milliseconds since the epoch, of the first and the last that was told. */
  since: number;
  until: number;
  /** 50th and 95th percentile of the time to the first byte, milliseconds, as the gateway's buckets tell them. */
  mainMs: Percentiles;
  shadowMs: Percentiles;
}
interface Percentiles {
  p50: number;
  p95: number;
}

const MOST_SAMPLES = 50;

interface Sum extends MirrorStats {
  shadow: string;
  since: number;
  until: number;
}

/** What the gateway has compared since a mirror began; in memory alone: an experiment is begun again after a restart. */
export class MirrorBook {
  readonly #sums = new Map<string, Map<string, Sum>>();
  readonly #mirrored = new Map<string, ReadonlySet<string>>();

  add(shadow: string, stats: MirrorStats, now: number): void {
    const ofShadow = this.#sums.get(shadow) ?? new Map<string, Sum>();
    this.#sums.set(shadow, ofShadow);
    const sum = ofShadow.get(stats.main);
    ofShadow.set(
      stats.main,
      sum ? { ...added(sum, stats), shadow, since: sum.since, until: now } : { ...stats, shadow, since: now, until: now },
    );
  }

  /** A revision that a VirtualService begins to send copies to begins anew; one that it stops with keeps what there is. */
  follow(service: VirtualService): void {
    const namespace = service.metadata.namespace ?? "";
    const now = new Set((service.spec.http ?? []).flatMap((route) => shadowsOf(route, namespace)));
    const before = this.#mirrored.get(keyOf(service));
    for (const revision of now) if (!before?.has(revision)) this.#sums.delete(revision);
    this.#mirrored.set(keyOf(service), now);
  }

  /** The VirtualService is gone, the revision is not: its figures stay until the next mirror. */
  unfollow(service: VirtualService): void {
    this.#mirrored.delete(keyOf(service));
  }

  forget(revision: string): void {
    this.#sums.delete(revision);
  }

  /** Of these revisions as shadows. */
  list(revisions: readonly string[]): MirrorComparison[] {
    return revisions.flatMap((revision) =>
      [...(this.#sums.get(revision)?.values() ?? [])].map(({ mainLatency, shadowLatency, ...sum }) => ({
        ...sum,
        mainMs: percentiles(mainLatency),
        shadowMs: percentiles(shadowLatency),
      })),
    );
  }
}

function shadowsOf({ mirror, mirrors = [] }: HttpRoute, namespace: string): string[] {
  const destinations = [...(mirror ? [mirror] : []), ...mirrors.map(({ destination }) => destination)];
  return destinations.map(({ host }) => {
    const [name = "", of = namespace] = host.split(".");
    return `${of}/${name}`;
  });
}

function added(sum: MirrorStats, more: MirrorStats): MirrorStats {
  // Those whose status differs first, then the newest.
  const samples: ComparedSample[] = [...sum.samples, ...more.samples]
    .toSorted((a, b) => Number(b.statusDiffers) - Number(a.statusDiffers) || b.time - a.time)
    .slice(0, MOST_SAMPLES);
  return {
    main: sum.main,
    compared: sum.compared + more.compared,
    statusDiffers: sum.statusDiffers + more.statusDiffers,
    sizeDiffers: sum.sizeDiffers + more.sizeDiffers,
    leftOut: sum.leftOut + more.leftOut,
    mainBytes: sum.mainBytes + more.mainBytes,
    shadowBytes: sum.shadowBytes + more.shadowBytes,
    mainLatency: sum.mainLatency.map((count, bucket) => count + (more.mainLatency[bucket] ?? 0)),
    shadowLatency: sum.shadowLatency.map((count, bucket) => count + (more.shadowLatency[bucket] ?? 0)),
    samples,
  };
}

function percentiles(latency: TrafficTotals["latency"]): Percentiles {
  return { p50: percentile(latency, 0.5), p95: percentile(latency, 0.95) };
}

/** Within its bucket as if all were spread evenly in it. */
function percentile(latency: readonly number[], share: number): number {
  const total = latency.reduce((sum, count) => sum + count, 0);
  let left = total * share;
  for (const [bucket, count] of latency.entries()) {
    if (count > 0 && left <= count) {
      const from = LATENCY_BOUNDS[bucket - 1] ?? 0;
      const to = LATENCY_BOUNDS[bucket] ?? from;
      return Math.round((from + ((to - from) * left) / count) * 100) / 100;
    }
    left -= count;
  }
  return 0;
}

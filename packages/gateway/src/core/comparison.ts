import type { ComparedAnswer, ComparedSample, MirrorStats } from "../control-protocol.ts";
import { emptyLatency, latencyBucket } from "./traffic-counters.ts";

/** Of those that differ, since the last report. */
const MOST_SAMPLES = 10;

export interface ComparedRequest {
  id: string;
  time: number;
  method: string;
  path: string;
}

/** What copies of requests that one revision answered got from another, since the last report. */
export class Comparison {
  #stats: MirrorStats;

  constructor(main: string) {
    this.#stats = nothing(main);
  }

  /** Both have ended. */
  add(request: ComparedRequest, main: ComparedAnswer, shadow: ComparedAnswer): void {
    const stats = this.#stats;
    stats.compared++;
    const statusDiffers = Math.floor(main.status / 100) !== Math.floor(shadow.status / 100) || main.whole !== shadow.whole;
    const sizeDiffers = main.bytes !== shadow.bytes;
    if (statusDiffers) stats.statusDiffers++;
    if (sizeDiffers) stats.sizeDiffers++;
    stats.mainBytes += main.bytes;
    stats.shadowBytes += shadow.bytes;
    count(stats.mainLatency, main.ms);
    count(stats.shadowLatency, shadow.ms);
    if (!statusDiffers && !sizeDiffers) return;
    // One whose status differs tells more than one of another length.
    const sample: ComparedSample = { ...request, main, shadow, statusDiffers };
    if (stats.samples.length < MOST_SAMPLES) stats.samples.push(sample);
    else if (statusDiffers) {
      const place = stats.samples.findIndex((each) => !each.statusDiffers);
      if (place >= 0) stats.samples[place] = sample;
    }
  }

  /** A copy was not made, or its client left before there was an answer to compare. */
  leaveOut(): void {
    this.#stats.leftOut++;
  }

  /** Undefined when nothing has come. */
  take(): MirrorStats | undefined {
    const stats = this.#stats;
    if (stats.compared === 0 && stats.leftOut === 0) return undefined;
    this.#stats = nothing(stats.main);
    return stats;
  }
}

function nothing(main: string): MirrorStats {
  return {
    main,
    compared: 0,
    statusDiffers: 0,
    sizeDiffers: 0,
    leftOut: 0,
    mainBytes: 0,
    shadowBytes: 0,
    mainLatency: emptyLatency(),
    shadowLatency: emptyLatency(),
    samples: [],
  };
}

function count(latency: number[], ms: number): void {
  const bucket = latencyBucket(ms);
  latency[bucket] = (latency[bucket] ?? 0) + 1;
}

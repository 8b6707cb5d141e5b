import { assertNever, type SaidCode } from "@ebb/base";
import { initialMemory, recommend, type DeciderMemory, type Recommendation } from "../decide.ts";
import type { LoadWindows } from "../load-windows.ts";
import type { Metric, RevisionScaling } from "../revision-scaling.ts";
import { isOpen } from "./cron-window.ts";
import { resourceVote, type ResourceMemory } from "./resource-vote.ts";
import { strategyName, type Strategy } from "./strategy.ts";
import { reasonOf, say, type Reason } from "../words.ts";

export interface Vote {
  strategy: string;
  desired: number;
  /** A part of a sentence. */
  reason: string;
  /** The same for readers of other languages; absent in records of before there was one. */
  why?: readonly SaidCode[];
}

/** Means over the ready instances. */
export interface Usage {
  /** Of the CPU that an instance asked for. */
  cpuPercent: number;
  memoryMiB: number;
}

export interface VoteInputs {
  now: number;
  wallTime: number;
  ready: number;
  reachable: boolean;
  usage?: Usage;
  /** Waiting events by the URL that they were read from; one that could not be read is left out. */
  lags?: ReadonlyMap<string, number>;
}

export interface Ballot {
  votes: readonly Vote[];
  winner: Vote;
  /** Of the strategy by Knative's algorithm that asked for the most; absent when none is asked. */
  recommendation?: Recommendation;
  metric: Metric;
  target: number;
  stable: number;
  panic: number;
}

/** The strategies of one revision and what each of them remembers. */
export class Strategies {
  readonly #load: LoadWindows;
  #scaling: RevisionScaling;
  /** By the strategy's name. Records, as a Map takes room for more than most revisions have. */
  readonly #deciders: Record<string, DeciderMemory> = {};
  #resources: Record<string, ResourceMemory> | undefined;

  constructor(scaling: RevisionScaling, load: LoadWindows, running: { now: number; instances: number }) {
    this.#scaling = scaling;
    this.#load = load;
    this.restart(running.now, running.instances);
  }

  configure(scaling: RevisionScaling): void {
    this.#scaling = scaling;
    const names = new Set(scaling.strategies.map(strategyName));
    for (const memory of [this.#deciders, this.#resources ?? {}])
      for (const name of Object.keys(memory)) if (!names.has(name)) delete memory[name];
  }

  /** Forgets what was decided; a scaler that finds several instances begins in panic mode. */
  restart(now: number, instances: number): void {
    this.#resources = undefined;
    for (const strategy of this.#scaling.strategies) this.#deciders[strategyName(strategy)] = initialMemory(now, instances);
  }

  get panicking(): boolean {
    return Object.values(this.#deciders).some(({ panicAt }) => panicAt !== undefined);
  }

  /** All votes; what each strategy remembers moves on. */
  vote(inputs: VoteInputs): Ballot {
    const { metric, target, strategies } = this.#scaling;
    const votes: Vote[] = [];
    let lead: Ballot | undefined;
    for (const strategy of strategies) {
      if (strategy.type !== "concurrency" && strategy.type !== "rps") {
        votes.push({ strategy: strategyName(strategy), ...this.#other(strategy, inputs) });
        continue;
      }
      const scaling = scalingOf(this.#scaling, strategy);
      const seen = { ...inputs, ...this.#load.mean(strategy.type, inputs.now) };
      const recommendation = recommend(scaling, this.#deciders[strategy.type] ?? initialMemory(inputs.now, 0), seen);
      this.#deciders[strategy.type] = recommendation.memory;
      const vote = { strategy: strategy.type, desired: recommendation.desired, ...describeLoad(scaling, seen, recommendation) };
      votes.push(vote);
      if (lead && lead.winner.desired >= vote.desired) continue;
      const { stable, panic } = seen;
      lead = { votes, winner: vote, recommendation, metric: strategy.type, target: scaling.target, stable, panic };
    }
    if (!lead) votes.push(this.#traffic(inputs.now));
    const winner = votes.reduce((best, vote) => (vote.desired > best.desired ? vote : best));
    return { ...(lead ?? { metric, target, ...this.#load.mean(metric, inputs.now) }), votes, winner };
  }

  /** Where no strategy looks at requests, one instance is still kept while there are some. */
  #traffic(now: number): Vote {
    const busy = this.#load.busy(now);
    const seconds = Math.round(this.#scaling.stableWindow / 1000);
    return { strategy: "traffic", desired: busy ? 1 : 0, ...reasonOf(say(busy ? "traffic.some" : "traffic.none", { window: seconds })) };
  }

  #other(strategy: Exclude<Strategy, { type: "concurrency" | "rps" }>, inputs: VoteInputs): Omit<Vote, "strategy"> {
    switch (strategy.type) {
      case "cron": {
        const open = isOpen(strategy, inputs.wallTime);
        return {
          desired: open ? strategy.replicas : 0,
          ...reasonOf(open ? say("cron.open", { count: strategy.replicas }) : say("cron.closed")),
        };
      }
      case "lag": {
        const lag = "url" in strategy ? inputs.lags?.get(strategy.url) : strategy.lag;
        if (lag === undefined) return { desired: inputs.ready, ...reasonOf(say("lag.unknown")) };
        const { target } = strategy;
        return {
          desired: Math.ceil(lag / target),
          ...reasonOf(lag === 1 ? say("lag.one", { target }) : say("lag.known", { lag, target })),
        };
      }
      case "cpu":
      case "memory":
        return this.#resource(strategy, inputs);
      default:
        return assertNever(strategy);
    }
  }

  /** What an idle instance uses keeps nobody awake: without traffic it counts for nothing, unless the revision never sleeps anyway. */
  #resource(strategy: Extract<Strategy, { type: "cpu" | "memory" }>, inputs: VoteInputs): Omit<Vote, "strategy"> {
    const { usage, now, ready } = inputs;
    if (this.#scaling.scaleToZero && !this.#load.busy(now)) return { desired: 0, ...reasonOf(say("usage.idle")) };
    if (!usage || ready === 0) return { desired: ready, ...reasonOf(say("usage.unknown")) };
    const used = strategy.type === "cpu" ? usage.cpuPercent : usage.memoryMiB;
    const memory = resourceVote(this.#resources?.[strategy.type], { now, ready, used, target: strategy.target });
    this.#resources = { ...this.#resources, [strategy.type]: memory };
    return {
      desired: memory.desired,
      ...reasonOf(say(`usage.${strategy.type}`, { used: figure(used), target: figure(strategy.target) })),
    };
  }
}

/** A target of the strategy's own is aimed at in full. */
function scalingOf(scaling: RevisionScaling, { type, target }: Extract<Strategy, { type: "concurrency" | "rps" }>): RevisionScaling {
  return target === undefined ? { ...scaling, metric: type } : { ...scaling, metric: type, total: target, target };
}

export function figure(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function describeLoad(scaling: RevisionScaling, seen: { stable: number; panic: number }, { mode }: Recommendation): Reason {
  const panic = mode === "panic";
  const window = Math.ceil((panic ? scaling.panicWindow : scaling.stableWindow) / 1000);
  const mean = figure(panic ? seen.panic : seen.stable);
  const target = figure(scaling.target);
  const load =
    mean === "1" ? say(`load.${scaling.metric}-one`, { window, target }) : say(`load.${scaling.metric}`, { mean, window, target });
  return reasonOf(load, ...(panic ? [say("load.panicking")] : []));
}

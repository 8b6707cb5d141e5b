import { existsSync } from "node:fs";
import type Docker from "dockerode";
import type { Clock, Logger, Random, Timer } from "@ebb/base";
import { isThere } from "./gone-watch.ts";
import { insideAddress } from "./network.ts";
import type { NetworkLinks } from "./network-links.ts";
import type { SandboxOptions, Sandboxes } from "./sandbox.ts";

const OLD_LABEL = "dev.ebb.network";
/** A burst takes them all; new ones are made when it is over, as making one takes the engine as long as it saves a start. */
const CALM = 250;
/** So often may a start fail that goes well in a network of the engine's: then no more are made. */
const MOST_REFUSED = 3;

/** What is to be known of the network that a container is in. */
export interface ReadyNetwork {
  /** Of the sandbox that holds it. */
  group: string;
  /** The namespace's file on this machine. */
  path: string;
  address: string;
  gateway: string;
}

interface ReadyNetworksOptions {
  /** How many are kept, none when absent: each is a container that does nothing, with its monitor, some 2 MiB. And what their names are made of. */
  pool: { size: number; random: Random } | undefined;
  sandboxes: Sandboxes;
  links: NetworkLinks;
  optionsOf: (group: string) => Promise<SandboxOptions>;
  /** Whether containers are being started: none is made meanwhile. */
  busy: () => boolean;
  clock: Clock;
  log: Logger;
}

/**
 * Networks that are made before there is a container for them, by the engine itself, as a sandbox has it: address, routes and rules are what any other container has. Each is used by
 * one instance and removed with its container; none is given back. Those of an Ebb that died are removed by the driver's `list`, unless a container is in them.
 */
export class ReadyNetworks {
  readonly #options: ReadyNetworksOptions;
  readonly #spare: { network: ReadyNetwork; pid: number }[] = [];
  readonly #held = new Map<string, ReadyNetwork>();
  readonly #making = new Set<string>();
  #filling: Promise<void> | undefined;
  #timer: Timer | undefined;
  #refused = 0;
  #closed = false;

  constructor(options: ReadyNetworksOptions) {
    this.#options = options;
  }

  /** The one that the instance has, or one that it gets; undefined where there is none. */
  take(id: string): ReadyNetwork | undefined {
    const held = this.#held.get(id);
    if (held) return held;
    let taken = this.#spare.shift();
    for (; taken && !(isThere(taken.pid) && existsSync(taken.network.path)); taken = this.#spare.shift()) void this.#remove(taken.network);
    // Who comes in vain does not put it off: starts without an end would have none made ever again.
    if (taken || !this.#timer) this.fillWhenCalm();
    if (!taken) return undefined;
    this.#options.links.set(id, taken.network);
    this.#held.set(id, taken.network);
    return taken.network;
  }

  /** Whether there will be some at all. */
  get wanted(): boolean {
    return !this.#closed && (this.#options.pool?.size ?? 0) > 0 && this.#refused < MOST_REFUSED;
  }

  /** The one that the instance is in. */
  of(id: string): ReadyNetwork | undefined {
    return this.#held.get(id);
  }

  /** The same, of one that another Ebb may have started; those of before kept it as a label. */
  recall(id: string, labels: Readonly<Record<string, string>>): void {
    if (this.#held.has(id)) return;
    const label = labels[OLD_LABEL];
    const network = label === undefined ? this.#options.links.read(id) : (JSON.parse(label) as ReadyNetwork);
    if (network) this.#held.set(id, network);
  }

  /** Whether the one that a container which has ended was in is there: an engine's restart, or the machine's, ends it. */
  async lasts(network: ReadyNetwork): Promise<boolean> {
    return existsSync(network.path) && (await this.#options.sandboxes.runs(network.group));
  }

  async release(id: string): Promise<void> {
    const network = this.#held.get(id);
    if (network) await this.#options.sandboxes.remove(network.group);
    this.#options.links.remove(id);
    this.#held.delete(id);
  }

  /** A start in it failed, and went well without. */
  refuse(error: unknown): void {
    this.#refused++;
    const after = this.#refused < MOST_REFUSED ? "" : ": none are made from now on";
    this.#options.log.warn({ error }, `a container did not start in a network made ahead, but does without${after}`);
  }

  /** The sandboxes that somebody wants. */
  groups(): string[] {
    return [...this.#making, ...[...this.#spare.map(({ network }) => network), ...this.#held.values()].map(({ group }) => group)];
  }

  fillWhenCalm(): void {
    this.#timer?.cancel();
    if (!this.wanted) return;
    this.#timer = this.#options.clock.after(CALM, () => {
      this.#timer = undefined;
      if (this.#options.busy()) this.fillWhenCalm();
      else this.#filling ??= this.#fill().finally(() => (this.#filling = undefined));
    });
  }

  /** Resolves when none is left that no container is in, nor one of an instance that was stopped: its container stays, for its log. */
  async close(stopped: readonly string[]): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#filling;
    const held = stopped.flatMap((id) => this.#held.get(id) ?? []);
    await Promise.all([...this.#spare.splice(0).map(({ network }) => network), ...held].map((network) => this.#remove(network)));
  }

  async #remove({ group }: ReadyNetwork): Promise<void> {
    const { sandboxes, log } = this.#options;
    await sandboxes.remove(group).catch((error: unknown) => log.warn({ error }, "a network made ahead is left to the driver's next look"));
  }

  async #fill(): Promise<void> {
    const { pool, busy, log } = this.#options;
    try {
      while (pool && !this.#closed && this.#spare.length < pool.size) {
        if (busy()) return this.fillWhenCalm();
        if (!(await this.#make(`ready-${pool.random.suffix(10)}`))) return;
      }
    } catch (error) {
      // Containers start without, as slowly as they would have.
      log.warn({ error }, "a network could not be made ahead");
    }
  }

  /** False where it cannot be had: the engine is on another machine, or keeps its namespaces elsewhere. */
  async #make(group: string): Promise<boolean> {
    const { sandboxes, optionsOf, log } = this.#options;
    this.#making.add(group);
    try {
      await sandboxes.ensure(group, await optionsOf(group));
      const state = await sandboxes.inspect(group);
      const network = networkOf(group, state);
      if (network) {
        this.#spare.push({ network, pid: state.State.Pid });
        return true;
      }
      log.info({}, "the engine's networks cannot be made ahead");
      this.#refused = MOST_REFUSED;
      await sandboxes.remove(group);
      return false;
    } catch (error) {
      await sandboxes.remove(group).catch(() => undefined);
      throw error;
    } finally {
      this.#making.delete(group);
    }
  }
}

const HOST = "host.containers.internal";

/** What /etc/hosts of a container is in a network that the engine made for it; `text` is what it is in one of which the engine knows nothing but the path. */
export function hostsWith(text: string, { address, gateway }: ReadyNetwork, names: readonly string[]): string {
  const lines = text.split("\n").filter((line) => line !== "" && !line.split(/\s+/).includes(HOST));
  return [...lines, `${gateway}\t${HOST}`, `${address}\t${names.join(" ")}`, ""].join("\n");
}

function networkOf(group: string, state: Docker.ContainerInspectInfo): ReadyNetwork | undefined {
  const path = state.NetworkSettings.SandboxKey;
  const address = insideAddress(state);
  const gateway = Object.values(state.NetworkSettings.Networks)[0]?.Gateway ?? "";
  if (!path || !existsSync(path) || !isThere(state.State.Pid) || address === "" || gateway === "") return undefined;
  return { group, path, address, gateway };
}

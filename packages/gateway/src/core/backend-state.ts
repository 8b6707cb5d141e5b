import type { Clock, Random, Timer } from "@ebb/base";
import type { FirstAnswer } from "../control-protocol.ts";
import type { Backend, Ejection, Endpoint, FrozenEndpoint, StartingEndpoint } from "../route-table.ts";
import { choose } from "./balance.ts";
import type { Comparison } from "./comparison.ts";
import { ConcurrencyMeter } from "./concurrency-meter.ts";
import type { EndpointConnections } from "./endpoint-state.ts";
import { EndpointState } from "./endpoint-state.ts";
import type { FifoNode } from "./fifo.ts";
import { Fifo } from "./fifo.ts";
import { nickname } from "./hash.ts";
import type { LoggedRequests } from "./logged-requests.ts";
import type { SeenRequests } from "./seen-requests.ts";
import { ownShares, type BackendShares } from "./shares.ts";
import { trialPause } from "./trial-pace.ts";
import { TrafficCounters } from "./traffic-counters.ts";

/** A request that asks for an instance: it is granted one, refused, or leaves by itself. */
export interface Waiter {
  granted(endpoint: EndpointState): void;
  refused(status: number, message: string): void;
  /** The nickname of the instance that it would rather have; empty: none. */
  readonly preferred: string;
  /** Its place in the line of all workers; written by the backend alone. */
  ticket: number;
}

export interface BackendServices {
  clock: Clock;
  random: Random;
  heldRequests: number;
  connect(endpoint: Endpoint, protocol: Backend["protocol"]): EndpointConnections;
  wake(key: string): void;
  /** False when it cannot be thawed from here. */
  thaw(endpoint: FrozenEndpoint): boolean;
  /** False when nothing waits there. `listens` is called if the program says that it does. */
  letGo(gateFile: string, listens: () => void): boolean;
  /** Those in which requests wait, of this worker. */
  waiting: Set<BackendState>;
}

/** What there was of it before its first request. */
interface BackendBefore {
  /** Its own, where nobody else counts. */
  shares?: BackendShares | undefined;
  /** Since when (monotonic) its requests are counted; now unless given. */
  since?: number;
}

/** Knative's queue-proxy lets ten times the limit wait (pkg/queue/sharedmain/main.go). */
const QUEUE_FACTOR = 10;
const WAKE_PERIOD = 1_000;
/** What the control plane does about an instance that was thawed or let go takes a core from it: it is told when the first answer has begun, or after this. */
const LEFT_ALONE = 20;
/** And until that answer has left: who gets it wants a core, too. */
const ANSWER_LEAVES = 2;
/** How long an instance that refused a connection is left alone. */
const SUSPECT_PERIOD = 200;
const QUEUE_FULL = "pending request queue full";

/**
 * One revision: its instances, the limit on each, and the requests that wait for one: Knative's activator and breaker in one place.
 *
 * Invariants: waiters are granted in order of arrival, over all workers; no instance has more requests than `containerConcurrency`; while requests wait and
 * no instance can take any, `wake` is called at once and each second, what is frozen is thawed, and what starts is tried; nothing here blocks another backend.
 */
export class BackendState {
  readonly #services: BackendServices;
  readonly meter: ConcurrencyMeter;
  readonly traffic = new TrafficCounters();
  /** Whether the last report said that something was going on: one more with zeros is due. */
  reported = false;
  /** Requests at hand that are in a second or later attempt, by a policy's retries. */
  retrying = 0;
  /** Made for the first request from outside: most revisions sleep. */
  seen: SeenRequests | undefined;
  /** While its requests are logged. */
  logged: LoggedRequests | undefined;
  /** Where it is shown copies of other revisions' requests, by those. */
  comparisons: Map<string, Comparison> | undefined;
  #nickname: string | undefined;
  #config: Backend;
  /** What could not be thawed: it is for the control plane, and not tried again for each request that waits. */
  #unthawable: Set<FrozenEndpoint> | undefined;
  #endpoints: EndpointState[] = [];
  #firsts: FirstAnswer[] = [];
  readonly #queue = new Fifo<Waiter>();
  #shares: BackendShares;
  #isShown = false;
  #wakeTimer: Timer | undefined;
  /** A wake that is to come a moment later. */
  #lateWake: Timer | undefined;
  /** Of instances that refused a connection. */
  #trials: Map<EndpointState, Timer> | undefined;
  #closed = false;

  constructor(config: Backend, services: BackendServices, { shares = ownShares(), since }: BackendBefore = {}) {
    this.#shares = shares;
    this.#services = services;
    this.#config = config;
    this.meter = new ConcurrencyMeter(since ?? services.clock.monotonic());
    this.update(config);
  }

  get config(): Backend {
    return this.#config;
  }
  /** See `nickname`. */
  get nickname(): string {
    return (this.#nickname ??= nickname(this.#config.key));
  }
  get queued(): number {
    return this.#queue.length;
  }
  get endpoints(): readonly EndpointState[] {
    return this.#endpoints;
  }

  /** Takes the new configuration; endpoints that are the same keep their connections and counts. Returns those that were removed. */
  update(config: Backend, shares = this.#shares): EndpointState[] {
    this.#shares = shares;
    const protocolChanged = config.protocol !== this.#config.protocol;
    const before = this.#endpoints;
    this.#config = config;
    this.#unthawable = undefined;
    this.#endpoints = config.endpoints.map((endpoint) => {
      const known = protocolChanged ? undefined : before.find((state) => state.isSame(endpoint));
      if (known) known.limit = config.containerConcurrency;
      // What was tried until now is ready: somebody else has seen it first.
      if (known?.triedSince !== undefined) known.connected();
      return known ?? this.#newEndpoint(endpoint, config);
    });
    const mayBeTried = (state: EndpointState) => !protocolChanged && config.starting?.some((endpoint) => state.isSame(endpoint)) === true;
    this.#endpoints.push(...before.filter((state) => !this.#endpoints.includes(state) && mayBeTried(state)));
    if (config.endpoints.length > 0) this.#tryNoMore();
    const removed = before.filter((state) => !this.#endpoints.includes(state));
    for (const state of removed) state.remove();
    this.#pump();
    if (config.unavailable !== undefined && config.endpoints.length === 0) this.#refuseAll(503, config.unavailable);
    this.#watchWake();
    return removed;
  }

  #newEndpoint(endpoint: Endpoint, { protocol, containerConcurrency: limit }: Backend): EndpointState {
    const connections = this.#services.connect(endpoint, protocol);
    return new EndpointState({ endpoint, connections, limit, occupancy: this.#shares.occupancy(endpoint) });
  }

  /** Asks for an instance; the answer may come before this returns. The node, if any, is how the waiter leaves the queue. */
  acquire(waiter: Waiter, first = false): FifoNode<Waiter> | undefined {
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      waiter.refused(503, refusal);
      return undefined;
    }
    const { line } = this.#shares;
    const endpoint = first || (this.#queue.length === 0 && line.isNext(0)) ? this.#take(waiter) : undefined;
    if (endpoint) {
      waiter.granted(endpoint);
      return undefined;
    }
    const ticket = line.tryJoin(first ? Infinity : this.#queueBound());
    if (ticket === 0) {
      this.traffic.note("overflowed");
      waiter.refused(503, QUEUE_FULL);
      return undefined;
    }
    // One that was at its turn already stands before the others here, and shares the place of their first.
    waiter.ticket = first ? (this.#queue.first?.ticket ?? ticket) : ticket;
    const node = first ? this.#queue.unshift(waiter) : this.#queue.push(waiter);
    // Shown first, then looked: what another worker frees in between is seen by one of the two.
    this.#pump();
    return node;
  }

  cancel(node: FifoNode<Waiter>): void {
    if (!node.queued) return;
    this.#queue.remove(node);
    this.#shares.line.leave();
    this.#pump();
  }

  /** Another worker says that one of ours may be next. */
  look(): void {
    this.#pump();
  }

  /** The first answer of an instance goes to a request that had waited: the control plane will be told. */
  begins(first: FirstAnswer): void {
    this.#firsts.push(first);
    if (this.#lateWake) this.#wakeIn(ANSWER_LEAVES);
  }

  /** The first answers since the last call. */
  takeFirsts(): FirstAnswer[] {
    const firsts = this.#firsts;
    this.#firsts = [];
    return firsts;
  }

  /** Gives an instance's place back, and to the next who waits. */
  release(endpoint: EndpointState, wasTunnel?: boolean): void {
    endpoint.leave(wasTunnel);
    if (!isReady(endpoint) && this.#endpoints.some(isReady)) this.#tryNoMore();
    this.#pump();
  }

  /** An instance refused a connection: it is left alone for a moment. Returns whether that is news. */
  suspect(endpoint: EndpointState): boolean {
    const news = endpoint.refusedConnection();
    const { clock, waiting } = this.#services;
    const since = endpoint.triedSince;
    const period = since === undefined ? SUSPECT_PERIOD : trialPause(clock.monotonic() - since, waiting.size);
    if (!this.#trials?.has(endpoint)) this.#tryLater(endpoint, period);
    return news;
  }

  /** What became of a request at an instance, where a policy takes those out that do nothing but fail. Returns whether it has just done so. */
  judge(endpoint: EndpointState, ok: boolean, { errors, seconds, maxPercent }: Ejection): boolean {
    if (ok) {
      endpoint.didWell();
      return false;
    }
    if (!endpoint.failed(errors)) return false;
    const out = 1 + this.#endpoints.filter(({ ejected }) => ejected).length;
    const all = this.#endpoints.length;
    if (out === all || out * 100 > Math.max(maxPercent * all, 100)) return false;
    const times = endpoint.eject();
    this.traffic.note("ejected");
    this.#trials?.get(endpoint)?.cancel();
    this.#tryLater(endpoint, times * seconds * 1000);
    return true;
  }

  #tryLater(endpoint: EndpointState, period: number): void {
    if (this.#closed) return;
    const trials = (this.#trials ??= new Map());
    const timer = this.#services.clock.after(period, () => {
      trials.delete(endpoint);
      endpoint.retry();
      this.#pump();
    });
    trials.set(endpoint, timer);
  }

  /** It has said that it listens: whoever would try it in a moment does so now. */
  #tryNow(endpoint: EndpointState): void {
    const timer = this.#trials?.get(endpoint);
    if (!timer || !endpoint.suspect) return;
    timer.cancel();
    this.#trials?.delete(endpoint);
    endpoint.retry();
    this.#pump();
  }

  connected(endpoint: EndpointState): void {
    const wasTried = !isReady(endpoint);
    endpoint.connected();
    if (wasTried) this.#tryNoMore();
    if (this.#shares.line.length > 0) this.#pump();
  }

  /** One is known to be ready: no request goes where it would be refused. */
  #tryNoMore(): void {
    this.#endpoints = this.#endpoints.filter((endpoint) => isReady(endpoint) || endpoint.inFlight > 0);
  }

  /** Whether requests wait that no instance can take: then the control plane must act. */
  get wantsWake(): boolean {
    const waits = this.#queue.length > 0 || this.#endpoints.some((endpoint) => !isReady(endpoint) && endpoint.inFlight > 0);
    return waits && this.#endpoints.every((endpoint) => endpoint.suspect || endpoint.ejected || !isReady(endpoint));
  }

  /** The revision is gone: those in flight finish, those that wait are refused. */
  close(): EndpointState[] {
    this.#closed = true;
    const removed = this.#endpoints;
    for (const state of removed) state.remove();
    this.#endpoints = [];
    for (const timer of this.#trials?.values() ?? []) timer.cancel();
    this.#trials = undefined;
    this.#lateWake?.cancel();
    this.#lateWake = undefined;
    this.#refuseAll(503, "this version was deleted");
    this.#watchWake();
    return removed;
  }

  #refusal(): string | undefined {
    if (this.#closed) return "this version was deleted";
    return this.#endpoints.length === 0 ? this.#config.unavailable : undefined;
  }

  #queueBound(): number {
    const { heldRequests } = this.#services;
    const { containerConcurrency } = this.#config;
    const known = this.#endpoints.filter(isReady).length;
    if (known === 0 || containerConcurrency === 0) return heldRequests;
    return Math.min(heldRequests, QUEUE_FACTOR * containerConcurrency * known);
  }

  #choose(): EndpointState | undefined {
    return choose(this.#endpoints, this.#config.containerConcurrency, () => this.#services.random.float());
  }

  /** A place at an instance; undefined when there is none. */
  #take({ preferred }: Waiter): EndpointState | undefined {
    const own = preferred === "" ? undefined : this.#endpoints.find((endpoint) => endpoint.nickname === preferred);
    if (own && own.room() > 0 && own.tryEnter()) return own;
    for (let endpoint = this.#choose(); endpoint; endpoint = this.#choose()) if (endpoint.tryEnter()) return endpoint;
    return undefined;
  }

  #pump(): void {
    const { line } = this.#shares;
    this.#show();
    for (let first = this.#queue.first; first && line.isNext(first.ticket); first = this.#queue.first) {
      const endpoint = this.#take(first);
      if (!endpoint) break;
      this.#leaveLine();
      first.granted(endpoint);
    }
    if (line.length > this.#queue.length && this.#choose()) line.passOn();
    this.#watchWake();
  }

  #refuseAll(status: number, message: string): void {
    for (let first = this.#queue.first; first; first = this.#queue.first) {
      this.#leaveLine();
      first.refused(status, message);
    }
  }

  #leaveLine(): void {
    this.#queue.shift();
    this.#shares.line.leave();
    this.#show();
  }

  #show(): void {
    const { first } = this.#queue;
    if (!first && !this.#isShown) return;
    this.#isShown = first !== undefined;
    this.#shares.line.show(first?.ticket ?? 0);
    if (first) this.#services.waiting.add(this);
    else this.#services.waiting.delete(this);
  }

  /** Takes in those that may serve before the control plane has said so. */
  #takeIn(): boolean {
    if (this.#thaw()) return true;
    const news = (this.#config.starting ?? []).filter((starting) => !this.#endpoints.some((state) => state.isSame(starting)));
    // One is enough, and a program once let go cannot be taken back.
    const waiting = this.#endpoints.some((endpoint) => !isReady(endpoint))
      ? undefined
      : news.find(({ gateFile }) => gateFile !== undefined);
    const taken = news.filter((starting) => starting.gateFile === undefined || starting === waiting);
    const now = this.#services.clock.monotonic();
    for (const starting of taken) {
      const endpoint = this.#newEndpoint(starting, this.#config);
      // Where nothing waits any more another worker was first, and may not be next in the line of those that wait: whoever is has to try, too.
      endpoint.thawed = this.#letGo(starting, endpoint);
      endpoint.try(now);
      this.#endpoints.push(endpoint);
    }
    return taken.length > 0;
  }

  #letGo({ gateFile }: StartingEndpoint, endpoint: EndpointState): boolean {
    if (gateFile === undefined || !this.#services.letGo(gateFile, () => this.#tryNow(endpoint))) return false;
    this.#wakeSoon();
    return true;
  }

  /** Takes in one that was frozen. The control plane, which is told in a moment, says so too then. */
  #thaw(): boolean {
    for (const frozen of this.#config.frozen ?? []) {
      if (this.#unthawable?.has(frozen) || this.#endpoints.some((state) => state.isSame(frozen))) continue;
      const endpoint = this.#newEndpoint(frozen, this.#config);
      // The kernel accepts for it, frozen as it is: the first that it sees is a connection, and it need not wake twice.
      endpoint.connections.ahead();
      if (!this.#services.thaw(frozen)) {
        endpoint.remove();
        (this.#unthawable ??= new Set()).add(frozen);
        continue;
      }
      endpoint.thawed = true;
      this.#endpoints.push(endpoint);
      this.#wakeSoon();
      return true;
    }
    return false;
  }

  #watchWake(): void {
    const wanted = this.wantsWake;
    const { clock } = this.#services;
    // Served first: whom the control plane tells of it, it takes from the CPU.
    if (wanted && this.#takeIn()) {
      this.#pump();
      if (!this.#wakeTimer && !this.#lateWake) this.#wake();
      return;
    }
    if (wanted === (this.#wakeTimer !== undefined)) return;
    this.#wakeTimer?.cancel();
    this.#wakeTimer = undefined;
    if (!wanted) return;
    if (!this.#lateWake) this.#wake();
    this.#wakeTimer = clock.every(WAKE_PERIOD, () => (this.wantsWake ? this.#wake() : this.#watchWake()));
  }

  #wakeSoon(): void {
    if (!this.#lateWake) this.#wakeIn(LEFT_ALONE);
  }

  #wakeIn(delay: number): void {
    this.#lateWake?.cancel();
    this.#lateWake = this.#services.clock.after(delay, () => this.#wake());
  }

  #wake(): void {
    this.#lateWake?.cancel();
    this.#lateWake = undefined;
    this.#services.wake(this.#config.key);
  }
}

/** As far as is known; else it is only tried. */
function isReady({ triedSince }: EndpointState): boolean {
  return triedSince === undefined;
}

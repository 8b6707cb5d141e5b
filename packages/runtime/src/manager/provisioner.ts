import { backoffDelay, type BackoffPolicy, type Clock, type Logger, type Timer } from "@ebb/base";
import type { Driver, InstanceFiles, InstanceSpec, Provision } from "../port.ts";

/** What an instance is handed beside its spec. `running` asks only for what can be had: it keeps the rest as it is. */
export type Provide = (spec: InstanceSpec, state: "starting" | "running") => Promise<Provision | undefined>;

interface ProvisionerDeps {
  driver: Pick<Driver, "renewFiles">;
  clock: Clock;
  log: Logger;
  provide?: Provide;
}

const RETRY: BackoffPolicy = { base: 5000, max: 300_000, factor: 2 };

/** The files of one instance: fetched when it starts, replaced before they end and whenever somebody says that they changed. */
export class Provisioner {
  readonly #spec: InstanceSpec;
  readonly #deps: ProvisionerDeps;
  readonly #needed: boolean;
  #runs = false;
  #renewAfter: number | undefined;
  #timer: Timer | undefined;
  #failures = 0;
  /** Somebody said that they changed since they were last fetched. */
  #stale = false;
  #renewing = false;

  constructor(spec: InstanceSpec, deps: ProvisionerDeps) {
    this.#spec = spec;
    this.#deps = deps;
    this.#needed = spec.identity !== undefined || (spec.volumes ?? []).some(({ kind }) => kind === "files");
  }

  /** For a start. Throws what keeps it from starting. */
  async fetch(): Promise<InstanceFiles | undefined> {
    const provision = await this.#ask("starting");
    this.#renewAfter = provision?.renewAfter;
    return provision?.files;
  }

  /** It runs, with the files that were fetched last; `adopted`, with such as nobody knows. */
  began(adopted: boolean): void {
    this.#runs = true;
    if (adopted || this.#stale) this.#later(0);
    else if (this.#renewAfter !== undefined) this.#later(this.#renewAfter);
  }

  ended(): void {
    this.#runs = false;
    this.#timer?.cancel();
  }

  /** They may have changed. */
  changed(): void {
    if (!this.#needed) return;
    this.#stale = true;
    if (this.#runs) this.#later(0);
  }

  #ask(state: "starting" | "running"): Promise<Provision | undefined> {
    this.#stale = false;
    return this.#needed && this.#deps.provide ? this.#deps.provide(this.#spec, state) : Promise.resolve(undefined);
  }

  #later(delay: number): void {
    this.#timer?.cancel();
    if (this.#needed && this.#deps.provide) this.#timer = this.#deps.clock.after(delay, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    // The one under way looks again when it is done.
    if (this.#renewing) return;
    this.#renewing = true;
    let next: number | undefined;
    try {
      const provision = await this.#ask("running");
      if (provision && this.#runs) await this.#deps.driver.renewFiles(this.#spec.id, provision.files);
      this.#failures = 0;
      next = provision?.renewAfter;
    } catch (error) {
      this.#deps.log.warn({ id: this.#spec.id, error }, "the credentials or files of an instance could not be renewed yet");
      next = backoffDelay(RETRY, ++this.#failures);
    }
    this.#renewing = false;
    if (!this.#runs) return;
    if (this.#stale) this.#later(0);
    else if (next !== undefined) this.#later(next);
  }
}

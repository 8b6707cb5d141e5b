import type { Clock } from "@ebb/base";
import type { Address, Driver, InstanceSpec } from "../port.ts";
import type { ProbePace } from "../probes/pace.ts";
import { Prober, type ProbeReport } from "../probes/prober.ts";

/** What the probes of one instance have to say, from when it runs until they are stopped. */
export interface ProbeReports {
  readiness: (report: ProbeReport) => void;
  liveness: (report: ProbeReport) => void;
}

/** The readiness and liveness probes of one instance. */
export class InstanceProbes {
  readonly #spec: InstanceSpec;
  readonly #deps: { driver: Pick<Driver, "exec">; clock: Clock; pace: ProbePace };
  #probers: Prober[] = [];

  constructor(spec: InstanceSpec, deps: { driver: Pick<Driver, "exec">; clock: Clock; pace: ProbePace }) {
    this.#spec = spec;
    this.#deps = deps;
  }

  start(address: Address, reports: ProbeReports): void {
    const { readiness, liveness } = this.#spec;
    const { clock, pace } = this.#deps;
    this.#probe({ clock, pace, probe: readiness, target: this.#targetAt(address), report: reports.readiness });
    if (liveness) this.#probe({ clock, probe: liveness, target: this.#targetAt(address), report: reports.liveness });
  }

  stop(): void {
    for (const prober of this.#probers) prober.stop();
    this.#probers = [];
  }

  #probe(options: ConstructorParameters<typeof Prober>[0]): void {
    const prober = new Prober(options);
    this.#probers.push(prober);
    prober.start();
  }

  #targetAt(address: Address) {
    const { id, port, protocol } = this.#spec;
    const exec = (command: string[], timeoutSeconds: number) => this.#deps.driver.exec(id, command, timeoutSeconds);
    return { address, port, protocol, exec };
  }
}

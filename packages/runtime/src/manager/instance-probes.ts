import type { Clock } from "@ebb/base";
import type { Address, Driver, InstanceSpec, ProbeSpec } from "../port.ts";
import type { ProbePace } from "../probes/pace.ts";
import { Prober, type ProberOptions, type ProbeReport } from "../probes/prober.ts";

/** What the probes of one program have to say, from when it runs until they are stopped. */
export interface ProbeReports {
  /** After each look at whether it is ready; at once when there is no such probe. */
  readiness: (report: ProbeReport) => void;
  /** It is to be started again. */
  dead: (which: "startup" | "liveness", message: string | undefined) => void;
}

type Probed = Pick<InstanceSpec, "id" | "port" | "protocol" | "liveness" | "startup"> & { readiness?: ProbeSpec | undefined };

interface ProbeDeps {
  driver: Pick<Driver, "exec">;
  clock: Clock;
  pace: ProbePace;
  /** See ProberOptions. */
  triedElsewhere?: () => boolean;
  /** Told after each look at whether the program is ready. */
  probed?: (id: string, succeeded: boolean) => void;
}

/** The probes of one program, as the kubelet has them: until the startup probe has succeeded once, the others are not asked. */
export class InstanceProbes {
  readonly #spec: Probed;
  readonly #deps: ProbeDeps;
  #probers: Prober[] = [];
  /** The startup probe has succeeded. */
  #up = false;

  constructor(spec: Probed, deps: ProbeDeps) {
    this.#spec = spec;
    this.#deps = deps;
  }

  /** The program has been started anew. */
  reset(): void {
    this.#up = false;
  }

  start(address: Address, reports: ProbeReports): void {
    const { startup } = this.#spec;
    if (!startup || this.#up) return this.#begin(address, reports);
    this.#probe(startup, address, ({ healthy, message }) => {
      if (healthy === undefined) return reports.readiness({ healthy, ...(message === undefined ? {} : { message }) });
      this.stop();
      if (!healthy) return reports.dead("startup", message);
      this.#up = true;
      this.#begin(address, reports);
    });
  }

  stop(): void {
    for (const prober of this.#probers) prober.stop();
    this.#probers = [];
  }

  #begin(address: Address, { readiness: report, dead }: ProbeReports): void {
    const { id, readiness, liveness } = this.#spec;
    const { pace, probed, triedElsewhere } = this.#deps;
    const starts = { pace, ...(triedElsewhere ? { triedElsewhere } : {}) };
    const told = (result: ProbeReport) => {
      probed?.(id, result.message === undefined);
      report(result);
    };
    if (readiness) this.#probe(readiness, address, told, starts);
    else report({ healthy: true });
    if (!liveness) return;
    this.#probe(liveness, address, ({ healthy, message }) => {
      if (healthy === false) dead("liveness", message);
    });
  }

  #probe(
    probe: ProbeSpec,
    address: Address,
    report: (report: ProbeReport) => void,
    starts: Pick<ProberOptions, "pace" | "triedElsewhere"> = {},
  ): void {
    const { id, port, protocol } = this.#spec;
    const exec = (command: string[], timeoutSeconds: number) => this.#deps.driver.exec(id, command, timeoutSeconds);
    const target = { address, port, protocol, exec };
    const prober = new Prober({ clock: this.#deps.clock, probe, target, report, ...starts });
    this.#probers.push(prober);
    prober.start();
  }
}

import type { Measure, Used } from "@ebb/apiserver";
import { sleep, type Clock } from "@ebb/base";
import { CpuRates } from "@ebb/controllers";
import type { InstanceManager } from "@ebb/runtime";

/** What is measured first when nothing was read before, or too long ago: a rate takes two readings. */
const FIRST_WINDOW = 1000;

interface MachineUsage {
  /** Of all cores together, since some moment. */
  cpuMs: number;
  memoryBytes: number;
}

type Read = (id: string) => MachineUsage | undefined;

interface MeasureOptions {
  instances: Pick<InstanceManager, "all" | "usage">;
  /** What the machine uses. */
  machine: () => MachineUsage;
  clock: Clock;
}

/** What the instances and the machine use: read only when somebody asks, so that it costs nothing else. */
export function createMeasure({ instances, machine, clock }: MeasureOptions): Measure {
  const ofPods = new CpuRates();
  const ofNodes = new CpuRates();
  const note = (rates: CpuRates, ids: readonly string[], read: Read) => {
    const at = clock.monotonic();
    return new Map(
      ids.flatMap((id): [string, Used][] => {
        const usage = read(id);
        const rate = usage && rates.note(id, { at, cpuMs: usage.cpuMs });
        return rate ? [[id, { ...rate, memoryBytes: usage.memoryBytes }]] : [];
      }),
    );
  };
  const measure = async (rates: CpuRates, ids: readonly string[], read: Read) => {
    const first = note(rates, ids, read);
    const isKnown = (id: string) => (first.get(id)?.windowMs ?? 0) >= FIRST_WINDOW || read(id) === undefined;
    if (ids.every(isKnown)) return first;
    await sleep(clock, FIRST_WINDOW);
    return note(rates, ids, read);
  };
  return {
    pods: (pods) => {
      const all = instances.all();
      ofPods.keep(new Set(all.map(({ id }) => id)));
      const wanted = new Set(pods.map(({ namespace, name }) => `${namespace}/${name}`));
      // As for its log: an id alone is not enough, somebody may make a Pod that has the name of another's.
      const running = all.filter(({ id, workload }) => wanted.has(`${workload.slice(0, workload.indexOf("/"))}/${id}`));
      const ids = running.map(({ id }) => id);
      return measure(ofPods, ids, (id) => instances.usage(id));
    },
    nodes: (names) => measure(ofNodes, names, machine),
  };
}

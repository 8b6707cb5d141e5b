import { cpuMillis, memoryBytes, QUEUE_PROXY, type Container } from "@ebb/kube";

export interface Size {
  cpu: number;
  memory: number;
}

const GIB = 2 ** 30;

/** What the containers ask for together: requests, else limits, else what is assumed of one that says nothing; in a `queue-proxy` runs nothing. vCPUs and GiB. Pure. */
export function sizeOf(containers: readonly Container[], assumed: Size): Size {
  const of = (key: "cpu" | "memory", read: (text: string) => number) =>
    containers.reduce<number | undefined>((sum, { name, resources }) => {
      const text = resources?.requests?.[key] ?? resources?.limits?.[key];
      return text === undefined || name === QUEUE_PROXY ? sum : (sum ?? 0) + read(text);
    }, undefined);
  return {
    cpu: of("cpu", (text) => cpuMillis(text) / 1000) ?? assumed.cpu,
    memory: of("memory", (text) => memoryBytes(text) / GIB) ?? assumed.memory,
  };
}

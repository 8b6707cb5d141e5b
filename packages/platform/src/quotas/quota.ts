import type { Quota } from "@ebb/api";
import type { AppPlan } from "@ebb/builder";
import { formatQuantity, quantityValue } from "@ebb/kube";

export const NO_QUOTA: Quota = { apps: null, instances: null, cpu: null, memory: null };

/** What an instance is held to that says nothing itself, where its team has a quota of that: a quota can only count what has a limit. */
const DEFAULT_LIMITS = { cpu: "500m", memory: "512Mi" } as const;

/** What a cluster is told of a team's quota; null: there is none. */
export interface ClusterQuota {
  /** Of a ResourceQuota. */
  hard: Record<string, string>;
  /** Limits of containers that have none of their own. */
  defaults: Record<string, string>;
}

export function parseQuota(json: string): Quota {
  return { ...NO_QUOTA, ...(JSON.parse(json) as Partial<Quota>) };
}

/**
 * What the namespace of each of the team's environments is held to. Each gets the whole quota: a cluster counts by namespace, so that what is
 * kept in all of them together is the platform's to check (`keptFault`).
 */
export function clusterQuota({ instances, cpu, memory }: Quota): ClusterQuota | null {
  const hard = {
    ...(instances === null ? {} : { pods: String(instances) }),
    ...(cpu === null ? {} : { "limits.cpu": cpu }),
    ...(memory === null ? {} : { "limits.memory": memory }),
  };
  if (Object.keys(hard).length === 0) return null;
  const defaults = {
    ...(cpu === null ? {} : { cpu: limitOf("cpu", cpu) }),
    ...(memory === null ? {} : { memory: limitOf("memory", memory) }),
  };
  return { hard, defaults };
}

/** No instance could start whose default is above what all may have. */
function limitOf(what: "cpu" | "memory", all: string): string {
  return quantityValue(all) < quantityValue(DEFAULT_LIMITS[what]) ? all : DEFAULT_LIMITS[what];
}

/** Instances that are kept whatever the traffic, with what each may use. */
export interface Kept {
  where: string;
  instances: number;
  resources: AppPlan["resources"];
}

/** Why a version cannot be had beside what the team keeps elsewhere; undefined when it can. */
export function keptFault(quota: Quota, wanted: Kept, others: readonly Kept[]): string | undefined {
  for (const what of ["cpu", "memory"] as const) {
    const most = quota[what];
    if (most === null) continue;
    const one = wanted.resources[what] ?? limitOf(what, most);
    if (quantityValue(one) > quantityValue(most))
      return `an instance of ${wanted.where} asks for ${one} of ${what}, and the team may have ${most} in all`;
  }
  if (wanted.instances === 0) return undefined;
  const all = [...others, wanted];
  const sum = (amount: (kept: Kept) => number) => all.reduce((total, kept) => total + kept.instances * amount(kept), 0);
  const instances = sum(() => 1);
  if (quota.instances !== null && instances > quota.instances) {
    return `${wanted.where} is to keep ${count(wanted.instances)}; with what the team keeps elsewhere that makes ${instances}, and it may have ${quota.instances}`;
  }
  for (const what of ["cpu", "memory"] as const) {
    const most = quota[what];
    if (most === null) continue;
    const total = sum(({ resources }) => quantityValue(resources[what] ?? limitOf(what, most)));
    if (total > quantityValue(most)) {
      const shown = formatQuantity(total, what === "memory" ? "binary" : "decimal");
      return `${wanted.where} is to keep ${count(wanted.instances)}; with what the team keeps elsewhere that makes ${shown} of ${what}, and it may have ${most}`;
    }
  }
  return undefined;
}

function count(instances: number): string {
  return instances === 1 ? "an instance" : `${instances} instances`;
}

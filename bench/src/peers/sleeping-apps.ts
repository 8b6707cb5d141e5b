import { eachAtOnce } from "@ebb/base";
import { deploy, eventually, finished, inTest, nodeApp, startEbb, type EbbServer } from "@ebb/testkit";
import type { ColdStart } from "@ebb/api";
import { firstByte } from "./first-byte.ts";
import { connectKubeApi } from "./kube-api.ts";

/** Upstream's shortest stable window: asleep as soon as may be. */
const IDLE = "6s";
const SLEEPY = `scaling: { idle: ${IDLE} }\n`;
const DEPLOYS_AT_ONCE = 4;

/** What is started by hand and by Ebb. */
export const APP = nodeApp();

/** A whole Ebb with applications that sleep. */
export interface SleepingApps {
  ebb: EbbServer;
  names: readonly string[];
  /** Resolves when all of them sleep, each with so many instances kept frozen; none unless given. */
  asleep(kept?: number): Promise<void>;
  /** Resolves when it is known that it does not sleep any more, which may be after its answer. */
  awake(name: string): Promise<void>;
  /** Milliseconds from the connection to the gateway to the first byte of a 200. */
  wake(name: string): Promise<number>;
  /** Those that a request waited for. */
  coldStarts(): Promise<ColdStart[]>;
}

/** Deploys so many, of an image or else as processes, and waits until they sleep; all is gone when it ends. */
export async function withSleepingApps<T>(
  { count, image }: { count: number; image?: string },
  work: (apps: SleepingApps) => Promise<T>,
): Promise<T> {
  const ebb = await startEbb({ args: image === undefined ? ["--no-containers"] : [] });
  try {
    if (image !== undefined) await sleepSoon(ebb);
    const names = Array.from({ length: count }, (_, i) => `app-${i}`);
    await eachAtOnce(names, DEPLOYS_AT_ONCE, async (name) => {
      const { failure } = await (image === undefined
        ? deploy(ebb.client, name, { ...APP, "ebb.yaml": SLEEPY })
        : finished(ebb.client, (await ebb.client.deployImage({ image, name })).id));
      if (failure) throw new Error(`${name} could not be deployed: ${failure.message}`);
    });
    const all = async () => (await ebb.client.listApps()).flatMap((app) => app.environments);
    const isAsleep = async (name: string) => {
      const app = (await ebb.client.listApps()).find((known) => known.name === name);
      return app?.environments.every(({ state }) => state === "asleep");
    };
    const awake = async (name: string) => void (await eventually(async () => (await isAsleep(name)) === false));
    const asleep = async (kept = 0) => {
      await eventually(async () => (await all()).every(({ state, instances }) => state === "asleep" && instances === kept), 120_000, 200);
    };
    await asleep();
    const { host, port } = ebb.gateway;
    return await work({
      ebb,
      names,
      asleep,
      awake,
      wake: (name) => firstByte({ host, port, name: `${name}-test.sls-local.localhost` }),
      coldStarts: async () => {
        const lists = await Promise.all(names.map((app) => ebb.client.coldStarts(inTest(app))));
        return lists.flatMap(({ items }) => items).filter(({ waited }) => waited);
      },
    });
  } finally {
    await ebb.dispose();
  }
}

/** An image has no ebb.yaml to ask for it. */
async function sleepSoon(ebb: EbbServer): Promise<void> {
  const api = await connectKubeApi(ebb.urls.kubeconfig, 1);
  const path = "/api/v1/namespaces/knative-serving/configmaps/config-autoscaler";
  await api.call("PATCH", path, { data: { "stable-window": IDLE } }, "application/merge-patch+json");
  api.close();
}

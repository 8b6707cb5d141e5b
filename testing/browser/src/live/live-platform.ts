import type { Operation, PatchScaling } from "@ebb/api";
import type { Client } from "@ebb/api/client";
import { archive, finished, joinTeam, startEbb, type EbbServer } from "@ebb/testkit";
import { billing, example, shop } from "./sources.ts";
import { startVisitors } from "./visitors.ts";

export interface LivePlatform {
  ebb: EbbServer;
  /** Of the deployment that failed, the release under way and the one that waits. */
  operations: { failed: string; releasing: string; waiting: string };
  stop(): Promise<void>;
}

/** By what the shop has its instances: enough of both for several, as the visitors come and go. */
const SCALING: PatchScaling = {
  strategies: [
    { type: "rps", target: 5 },
    { type: "concurrency", target: 4 },
  ],
  max: 6,
};

async function ended(client: Client, operation: Promise<Operation>): Promise<Operation> {
  return finished(client, (await operation).id);
}

async function succeeded(client: Client, operation: Promise<Operation>): Promise<Operation> {
  const done = await ended(client, operation);
  if (done.state !== "succeeded") throw new Error(`${done.kind} ${done.app} ${done.environment}: ${done.failure?.message ?? done.state}`);
  return done;
}

const upload = async (client: Client, name: string, files: Record<string, string>, noTraffic = false) =>
  client.uploadSource(await archive(files), { name, noTraffic });

/**
 * A whole Ebb as a team has it on some afternoon: apps in three environments with visitors, a release under way in prod, a promotion that waits
 * for somebody's approval, a deployment that failed, apps that sleep.
 */
export async function startLivePlatform(): Promise<LivePlatform> {
  const ebb = await startEbb({ args: ["--no-containers", "--progress-deadline", "20"] });
  const { client } = ebb;
  try {
    const { client: ada } = await joinTeam(client, ebb.urls.platform, { name: "ada", role: "releaser" });
    for (const env of ["test", "staging"]) await client.patchEnvironment("default", env, { scaling: { idleSeconds: 20 } });
    for (const [name, source] of [
      ["shop", shop("spring")],
      ["search", await example("hello-python")],
      ["accounts", await example("hello-node")],
      ["handbook", await example("static-site")],
    ] as const) {
      await succeeded(ada, upload(ada, name, source));
      await succeeded(ada, ada.promote({ app: name, env: "staging" }, { from: "test" }));
      if (name !== "search") await succeeded(ada, ada.promote({ app: name, env: "prod" }, { from: "staging" }));
    }
    const stopVisitors = startVisitors(ebb.gateway, [
      { host: "shop.sls-local.localhost", perSecond: 14, paths: ["/", "/products/7", "/search", "/orders"] },
      { host: "shop-staging.sls-local.localhost", perSecond: 1, paths: ["/"] },
      { host: "accounts.sls-local.localhost", perSecond: 3, paths: ["/", "/slow?ms=120"] },
      { host: "handbook.sls-local.localhost", perSecond: 0.5, paths: ["/", "/about.html"] },
    ]);
    try {
      await succeeded(ada, ada.patchVariables({ app: "shop", env: "test" }, { variables: { LOG_LEVEL: "info", CURRENCY: "EUR" } }));
      await succeeded(
        ada,
        ada.patchSecrets({ app: "shop", env: "test" }, { secrets: { DATABASE_URL: "postgres://shop@db.internal/shop" } }),
      );
      await succeeded(ada, upload(ada, "shop", shop("summer", { slower: 4 })));
      await succeeded(ada, ada.promote({ app: "shop", env: "prod" }, { from: "test", noTraffic: true }));
      await succeeded(
        ada,
        ada.setTraffic(
          { app: "shop", env: "test" },
          {
            targets: [
              { version: "v4", percent: 80 },
              { version: "v3", percent: 20 },
            ],
            rules: [{ version: "v3", when: [{ on: "users", header: "x-user", users: ["ann", "bob"] }] }],
          },
        ),
      );
      await ada.patchScaling({ app: "shop", env: "prod" }, SCALING);
      const failed = await ended(ada, upload(ada, "billing", billing()));
      // It cannot take every order either: a few of its first requests that fail are not to end it.
      const guard = { maxErrorRate: 0.2, maxP95Ratio: 10 };
      const releasing = await ada.startRelease(
        { app: "shop", env: "prod" },
        { version: "v2", steps: [10, 30, 100], pauseSeconds: 1800, guard },
      );
      await client.patchEnvironment("default", "prod", { approvals: 1 });
      await client
        .patchVariables({ app: "accounts", env: "test" }, { variables: { SIGN_IN: "company" } })
        .then(({ id }) => finished(client, id));
      const waiting = await ada.promote({ app: "accounts", env: "prod" }, { from: "test" });
      return {
        ebb,
        operations: { failed: failed.id, releasing: releasing.id, waiting: waiting.id },
        async stop() {
          stopVisitors();
          await ebb.dispose();
        },
      };
    } catch (error) {
      stopVisitors();
      throw error;
    }
  } catch (error) {
    await ebb.dispose();
    throw error;
  }
}

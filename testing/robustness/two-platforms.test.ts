import { spawn, type ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createClient, type Client } from "@ebb/api/client";
import {
  archive,
  deploy,
  eventually,
  finished,
  freePorts,
  inTest,
  nodeApp,
  postgresPrograms,
  startEbb,
  startLoad,
  startPostgres,
  type EbbServer,
  type Postgres,
} from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";

const SECOND = join(import.meta.dirname, "../../apps/server/src/second-platform-main.ts");
const PASSWORD = "between-us-two";

interface Second {
  client: Client;
  ended: Promise<void>;
  /** `kill -9` of it and of what would start it again; once only. */
  kill(): Promise<void>;
}

async function startSecond(dataDir: string, url: string): Promise<Second> {
  const [port = 0] = await freePorts(1);
  const child: ChildProcess = spawn(process.execPath, [SECOND, "--data", dataDir, "--platform-port", String(port)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, EBB_DATABASE_URL: url },
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const { stdout } = child;
  if (!stdout) throw new Error("its output is not a pipe");
  let last = "";
  await new Promise<void>((resolve, reject) => {
    void ended.then(() => reject(new Error(`the second platform ended: ${last}`)));
    createInterface({ input: stdout }).on("line", (line) => {
      last = line;
      if ((JSON.parse(line) as { event: string }).event === "ready") resolve();
    });
  });
  const read = async <T>(path: string) => JSON.parse(await readFile(join(dataDir, path), "utf8")) as T;
  let killed = false;
  const { token } = await read<{ token: string }>("credentials.json");
  return {
    client: createClient({ baseUrl: `http://127.0.0.1:${port}`, token }),
    ended,
    async kill() {
      if (killed) return;
      killed = true;
      child.kill("SIGKILL");
      process.kill((await read<{ pid: number }>(`run/platform-${port}.json`)).pid, "SIGKILL");
      await ended;
    },
  };
}

async function begin(): Promise<{ postgres: Postgres; ebb: EbbServer; second: Second }> {
  const postgres = await startPostgres(postgresPrograms() ?? "");
  onTestFinished(() => postgres.stop());
  await postgres.query(`create role guarded login password '${PASSWORD}'`);
  await postgres.query("create database ebb owner guarded");
  const url = `postgres://guarded:${PASSWORD}@127.0.0.1:${postgres.port}/ebb`;
  const ebb = await startEbb({ args: ["--no-containers"], env: { EBB_DATABASE_URL: url } });
  onTestFinished(ebb.dispose);
  const second = await startSecond(ebb.dataDir, url);
  // Those of an attempt that failed before its kill.
  onTestFinished(second.kill);
  return { postgres, ebb, second };
}

test.skipIf(!postgresPrograms())(
  "two platforms on one PostgreSQL: each tells of the other's work; what one leaves by kill -9 the other finishes, also over a restart of PostgreSQL, and no request fails",
  async () => {
    const { postgres, ebb, second } = await begin();
    await nobodyIsShownThePassword(ebb);
    const { platforms } = await second.client.status();
    expect(platforms.map(({ answering }) => answering)).toEqual([false, true]);
    expect(new Set(platforms.map(({ version }) => version)).size).toBe(1);
    const told = ebb.client.changes({ signal: AbortSignal.timeout(120_000) })[Symbol.asyncIterator]();
    await told.next();
    expect(await deploy(second.client, "shop", nodeApp())).toMatchObject({ state: "succeeded", version: "v1" });
    // By the bus: nothing of the operation was done in that process.
    for (let heard = false; !heard;) {
      const { value, done } = await told.next();
      if (done) throw new Error("the stream has ended");
      heard = value.type === "operation" && value.app === "shop";
    }
    await told.return?.(undefined);

    const source = await archive(nodeApp({ before: "// another" }));
    const next = await ebb.client.uploadSource(source, { name: "shop", noTraffic: true });
    expect(await finished(second.client, next.id)).toMatchObject({ state: "succeeded", version: "v2" });

    const load = startLoad(ebb.gateway, "shop-test.sls-local.localhost", 2);
    const release = await second.client.startRelease(inTest("shop"), {
      version: "v2",
      steps: [50, 100],
      pauseSeconds: 4,
      guard: { minRequests: 0 },
    });
    const split = async () => (await ebb.client.getAppEnvironment(inTest("shop"))).traffic.length;
    await eventually(async () => (await split()) === 2);
    await second.kill();
    await postgres.halt();
    const refused = await fetch(`${ebb.urls.platform}/api/v1/apps`, { headers: { authorization: `Bearer ${await token(ebb)}` } });
    expect([refused.status, refused.headers.get("retry-after"), ((await refused.json()) as { code: string }).code]).toEqual([
      503,
      "5",
      "database_unavailable",
    ]);
    // What it says is a second old at most.
    await eventually(async () => (await fetch(`${ebb.urls.platform}/readyz`)).status === 503);
    expect((await fetch(`${ebb.urls.platform}/healthz`)).status).toBe(200);
    const platform = await ebb.pid("platform");
    await postgres.start();
    await eventually(async () => (await fetch(`${ebb.urls.platform}/readyz`)).ok);
    const ended = await eventually(
      async () => {
        const now = await ebb.client.getOperation(release.id);
        return now.finishedAt === null ? undefined : now;
      },
      60_000,
      100,
    );
    expect(ended).toMatchObject({ state: "succeeded", failure: null });
    expect((await ebb.client.getAppEnvironment(inTest("shop"))).traffic).toEqual([{ version: "v2", percent: 100 }]);
    const { failures, succeeded } = await load.stop();
    expect({ failures, some: succeeded > 0 }).toEqual({ failures: [], some: true });
    expect(await ebb.pid("platform")).toBe(platform);
  },
);

async function nobodyIsShownThePassword(ebb: EbbServer): Promise<void> {
  for (const name of ["gateway", "cluster", "platform"] as const) {
    const pid = await ebb.pid(name);
    expect(await readFile(`/proc/${pid}/cmdline`, "utf8")).not.toContain(PASSWORD);
    if (name !== "platform") expect(await readFile(`/proc/${pid}/environ`, "utf8")).not.toContain(PASSWORD);
    expect(await readFile(join(ebb.dataDir, `logs/${name}.log`), "utf8")).not.toContain(PASSWORD);
  }
  for (const file of ["run/config.json", "run/server.json", "platform/kept-in.json"])
    expect(await readFile(join(ebb.dataDir, file), "utf8")).not.toContain(PASSWORD);
}

async function token({ dataDir }: EbbServer): Promise<string> {
  return (JSON.parse(await readFile(join(dataDir, "credentials.json"), "utf8")) as { token: string }).token;
}

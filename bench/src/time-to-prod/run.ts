import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually, httpRequest, joinTeam, nodeApp, openTerminal, startEbb, tempDir, type EbbServer, type Terminal } from "@ebb/testkit";
import type { Benchmark } from "../main.ts";

/** Seconds of the machine's time, without the people who read and think. */
const GOAL = 60;
const HOST = "shop.sls-local.localhost";
const WAITS = /ebb approve ([a-z0-9]+)/;

export const benchmark: Benchmark = {
  summary: `from an empty folder to 200 from production, with an approval, by three commands: ${GOAL} s / it`,
  goal: 1,
  run,
};

async function run(): Promise<number> {
  const folder = await tempDir("ebb-to-prod-");
  const ebb = await startEbb({ args: ["--no-containers"] });
  try {
    const seconds = await toProd(ebb, folder.path);
    return GOAL / seconds;
  } finally {
    await ebb.dispose();
    await folder.remove();
  }
}

async function toProd(ebb: EbbServer, path: string): Promise<number> {
  await ebb.client.patchEnvironment("default", "prod", { approvals: 1 });
  const [ann, bob] = [
    await joinTeam(ebb.client, ebb.urls.platform, { name: "ann", role: "releaser" }),
    await joinTeam(ebb.client, ebb.urls.platform, { name: "bob", role: "releaser" }),
  ];
  const source = join(path, "shop");
  await mkdir(source);
  const annTypes = await openTerminal(ebb, ann, { home: join(path, "ann"), folder: source });
  const bobTypes = await openTerminal(ebb, bob, { home: join(path, "bob"), folder: source });
  let total = 0;
  const timed = async (who: string, line: string, types: Terminal, exit = 0) => {
    const began = performance.now();
    const output = await types(line, exit);
    const seconds = (performance.now() - began) / 1000;
    total += seconds;
    console.log(`  ${seconds.toFixed(1).padStart(5)} s  ${who}$ ebb ${line}`);
    return output;
  };
  for (const [name, text] of Object.entries(nodeApp())) await writeFile(join(source, name), text);
  await timed("ann", "deploy", annTypes);
  const operation = WAITS.exec(await timed("ann", "promote shop --from test --to prod", annTypes, 6))?.[1] ?? "";
  await timed("bob", `approve ${operation}`, bobTypes);
  const began = performance.now();
  await eventually(async () => (await httpRequest(ebb.gateway, { host: HOST, path: "/" })).status === 200, 60_000, 10);
  const waited = (performance.now() - began) / 1000;
  console.log(`  ${waited.toFixed(1).padStart(5)} s  until production answers 200`);
  return total + waited;
}

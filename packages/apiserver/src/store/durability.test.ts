import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { silentLogger, systemClock } from "@ebb/base";
import { tempDir } from "@ebb/testkit";
import { expect, onTestFinished, test } from "vitest";
import { SqliteStore } from "./sqlite-store.ts";
import type { StoreEvent } from "./store.ts";

const WRITER = fileURLToPath(new URL("./writer.fixture.ts", import.meta.url));

interface Acknowledged {
  revision: number;
  name: string;
  value: string | null;
}

/** What the writer's watcher was told. */
interface Observed {
  event: string;
  revision: number;
  name: string;
  value: string;
}
interface Output {
  acknowledged: Acknowledged[];
  observed: Observed[];
}

/** Lets a writer run until it has acknowledged so many writes, kills it with -9, and returns all that it acknowledged and saw. */
async function writeAndKill(path: string, generation: number, count: number): Promise<Output> {
  const child = spawn(process.execPath, [WRITER, path, String(generation)], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const acknowledged: Acknowledged[] = [];
  const observed: Observed[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    // The last line may have been cut off by the kill.
    if (!line.endsWith("}")) continue;
    const said = JSON.parse(line) as Acknowledged | Observed;
    if ("event" in said) observed.push(said);
    else acknowledged.push(said);
    if (acknowledged.length === count) child.kill("SIGKILL");
  }
  await exited;
  return { acknowledged, observed };
}

/** Nothing lost, reordered or made up: what was seen is the beginning of what is on disk since the process before ended. */
function checkEvents(history: readonly StoreEvent[], observed: readonly Observed[]): void {
  const kept = history.map(({ type, revision, key, object }): Observed => {
    const { data } = object as { data?: { value?: string } };
    return { event: type, revision, name: key.name, value: data?.value ?? "" };
  });
  expect(observed.length).toBeGreaterThan(0);
  expect(observed).toEqual(kept.slice(0, observed.length));
}

test("after kill -9 every acknowledged write is there, revisions go on, and watchers saw what is kept", { timeout: 60_000 }, async () => {
  const dir = await tempDir();
  onTestFinished(() => dir.remove());
  const path = join(dir.path, "store.db");
  const expected = new Map<string, Acknowledged>();
  let highest = 0;
  let reached = 0;
  for (let generation = 1; generation <= 5; generation++) {
    const { acknowledged, observed } = await writeAndKill(path, generation, 150 * generation);
    const reopened = new SqliteStore({ path, clock: systemClock, log: silentLogger });
    checkEvents(reopened.since(reached), observed);
    reached = reopened.revision;
    reopened.close();
    expect(acknowledged.length).toBeGreaterThanOrEqual(150 * generation);
    // A revision that was handed out before the kill is never handed out again.
    expect(Math.min(...acknowledged.map(({ revision }) => revision))).toBeGreaterThan(highest);
    for (const one of acknowledged) if (one.revision > (expected.get(one.name)?.revision ?? 0)) expected.set(one.name, one);
    highest = Math.max(highest, ...acknowledged.map(({ revision }) => revision));
  }
  const store = new SqliteStore({ path, clock: systemClock, log: silentLogger });
  onTestFinished(() => store.close());
  expect(store.revision).toBeGreaterThanOrEqual(highest);
  for (const { name, revision, value } of expected.values()) {
    // A write after the last acknowledged one may have become durable before it could be told.
    if (store.since(revision).some(({ key }) => key.name === name)) continue;
    const object = store.get({ resource: "configmaps", namespace: "n", name }) as { data?: object } | undefined;
    expect(object?.data).toEqual(value === null ? undefined : { value });
  }
});

/**
 * Run by the durability test in a process of its own: writes without pause and prints each acknowledged revision and name, until killed. What
 * a watcher is told is printed too, each event with `event`.
 */
import { silentLogger, systemClock } from "@ebb/base";
import type { KubeObject } from "@ebb/kube";
import { SqliteStore } from "./sqlite-store.ts";

const [, , path = "", generation = ""] = process.argv;
const store = new SqliteStore({ path, clock: systemClock, log: silentLogger });

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

store.onCommit((events) => {
  for (const { revision, type, key, object } of events) print({ event: type, revision, name: key.name, value: valueOf(object) });
});

function valueOf(object: KubeObject): string {
  return (object as { data?: { value?: string } }).data?.value ?? "";
}

async function writeFor(worker: number): Promise<void> {
  for (let i = 0; ; i++) {
    // Now and then what was just written is deleted again, so that a lost deletion would show too.
    const remove = i % 7 === 6;
    const name = `g${generation}-w${worker}-${(remove ? i - 1 : i) % 50}`;
    const value = `${generation}/${worker}/${i}`;
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "n" }, data: { value } } as KubeObject;
    const written = await store.write({ resource: "configmaps", namespace: "n", name }, () => (remove ? "removed" : object));
    const revision = written.object?.metadata.resourceVersion ?? "0";
    print({ revision: Number(revision), name, value: remove ? null : value });
  }
}

await Promise.all([1, 2, 3, 4].map((worker) => writeFor(worker)));

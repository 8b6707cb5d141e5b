import fc from "fast-check";
import { expect, test } from "vitest";
import { configMap, startServer, watchLines, type TestServer } from "./testing/server.ts";

const ROOT_AUTHORITY = "kube-root-ca.crt";
/** Of what is there at first, the last: a client that breaks off in the middle of that could not go on. */
const [BREAK, END] = ["z-break", "z-end"];
const MERGE = "application/merge-patch+json";
const PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";
const WATCH_LIST = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";

interface Step {
  verb: "create" | "label" | "write" | "delete";
  name: string;
  shown: boolean;
}
const step = fc.record<Step>({
  verb: fc.constantFrom("create", "label", "write", "delete"),
  name: fc.constantFrom("a", "b", "c", "d"),
  shown: fc.boolean(),
});
/** Watches begin, break off and go on while things happen. */
const run = fc
  .record({
    steps: fc.array(step, { minLength: 1, maxLength: 14 }),
    beginAt: fc.nat({ max: 10 }),
    breakAt: fc.nat({ max: 10 }),
    accept: fc.constantFrom("application/json", PARTIAL, TABLE),
    selector: fc.constantFrom("", "labelSelector=shown%3Dtrue&"),
    initial: fc.constantFrom("", WATCH_LIST),
  })
  // A list is not made of tables.
  .filter(({ accept, initial }) => accept !== TABLE || initial === "");

// What a server answers is looked at freely in tests.
// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any;

/** A client's picture of what it watches, which refuses events that do not fit it. */
class Picture {
  readonly versions = new Map<string, string>();
  last = "0";

  take({ type, object }: Loose): void {
    const { metadata } = object.kind === "Table" ? object.rows[0].object : object;
    // Comes to a namespace when it comes.
    if (metadata.name === ROOT_AUTHORITY) return;
    if (type !== "ADDED" || !this.begun) expect(Number(metadata.resourceVersion)).toBeGreaterThanOrEqual(Number(this.last));
    if (type === "BOOKMARK") {
      this.last = metadata.resourceVersion;
      return;
    }
    expect(this.versions.has(metadata.name), `${type} ${metadata.name}`).toBe(type !== "ADDED");
    if (type === "DELETED") this.versions.delete(metadata.name);
    else this.versions.set(metadata.name, metadata.resourceVersion);
    if (Number(metadata.resourceVersion) > Number(this.last)) this.last = metadata.resourceVersion;
  }

  /** What is there at first comes by name, not by version. */
  begun = true;
}

/** Follows until the object of that name comes. */
async function follow({ open }: TestServer, path: string, accept: string, { picture, until }: { picture: Picture; until: string }) {
  const response = await open(path, accept);
  for await (const event of watchLines(response)) {
    picture.take(event);
    if (picture.versions.has(until)) break;
  }
  response.destroy();
}

async function perform({ call }: TestServer, maps: string, { verb, name, shown }: Step): Promise<void> {
  const labels = { shown: String(shown) };
  if (verb === "create") await call("POST", maps, { body: configMap(name, {}, { labels }) });
  if (verb === "label") await call("PATCH", `${maps}/${name}`, { type: MERGE, body: { metadata: { labels } } });
  if (verb === "write") await call("PATCH", `${maps}/${name}`, { type: MERGE, body: { data: { k: String(shown) } } });
  if (verb === "delete") await call("DELETE", `${maps}/${name}`);
}

test("whatever happens, a watch that breaks off and goes on ends with what a list shows, in every representation", async () => {
  const server = await startServer();
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(run, async ({ steps, beginAt, breakAt, accept, selector, initial }) => {
      const namespace = `run-${runs++}`;
      await server.call("POST", "/api/v1/namespaces", { body: { metadata: { name: namespace } } });
      const maps = `/api/v1/namespaces/${namespace}/configmaps`;
      const picture = new Picture();
      const marked = { labels: { shown: "true" } };
      let followed: Promise<void> = Promise.resolve();
      for (const [index, each] of steps.entries()) {
        if (index === beginAt) followed = follow(server, `${maps}?${selector}${initial}&watch=true`, accept, { picture, until: BREAK });
        await perform(server, maps, each);
        if (index === beginAt + breakAt) await server.call("POST", maps, { body: configMap(BREAK, {}, marked) });
      }
      await server.call("POST", maps, { body: configMap(BREAK, {}, marked) });
      await followed;
      // Without a version of its own, a client that saw nothing begins anew.
      picture.begun = picture.last === "0";
      const from = picture.last === "0" ? "" : `&resourceVersion=${picture.last}`;
      await server.call("POST", maps, { body: configMap(END, {}, marked) });
      await follow(server, `${maps}?${selector}watch=true${from}`, accept, { picture, until: END });
      const { items } = (await server.call("GET", `${maps}?${selector}`)).body;
      const own = items.filter(({ metadata }: Loose) => metadata.name !== ROOT_AUTHORITY);
      const listed = own.map(({ metadata }: Loose) => [metadata.name, metadata.resourceVersion]);
      expect([...picture.versions].sort()).toEqual(listed.sort());
    }),
    { numRuns: 15 },
  );
});

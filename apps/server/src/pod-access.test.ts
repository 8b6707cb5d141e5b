import { PassThrough } from "node:stream";
import type { InstanceStatus } from "@ebb/runtime";
import { expect, test } from "vitest";
import { podAccess } from "./pod-access.ts";

/** What the queue-proxy of each says. */
const QUEUE_LOGS = {
  read: async function* (id: string) {
    yield { time: 0, stream: "stdout" as const, text: `requests of ${id}` };
  },
};
const INSTANCE: InstanceStatus = { id: "shop-1", workload: "team-a/shop", labels: {}, phase: "ready", startedAt: 0, restarts: 0 };

test("a Pod of another namespace with an instance's name gives nothing of that instance", async () => {
  const { podLogs, podStreams } = podAccess(
    {
      all: () => [INSTANCE],
      logs: async function* () {
        yield { time: 0, stream: "stdout", text: "secret" };
      },
      openSession: () => Promise.reject(new Error("was asked")),
      connect: () => Promise.reject(new Error("was asked")),
    },
    QUEUE_LOGS,
  );
  const command = { command: ["ls"], container: "user-container", stdin: false, terminal: false };
  const follow = { container: "user-container", follow: false, signal: new AbortController().signal };
  for (const namespace of ["team-b", "team", "team-a/shop", ""]) {
    await expect(podStreams.exec(namespace, "shop-1", command)).rejects.toThrow("runs nothing");
    await expect(podStreams.connect(namespace, "shop-1", 80)).rejects.toThrow("runs nothing");
    expect(() => podLogs(namespace, "shop-1", follow)).toThrow("runs nothing");
  }
  await expect(podStreams.exec("team-a", "shop-1", command)).rejects.toThrow("was asked");
  expect(podLogs("team-a", "shop-1", follow)).toBeDefined();
});

test("a container beside the one that serves is known by its name", async () => {
  const asked: string[] = [];
  const sidecar = { name: "log", role: "sidecar", phase: "running", ready: true, restarts: 0 } as const;
  const { podLogs } = podAccess(
    {
      all: () => [{ ...INSTANCE, parts: [sidecar] }],
      logs: async function* (id) {
        asked.push(id);
        yield { time: 0, stream: "stdout", text: id };
      },
      openSession: () => Promise.reject(new Error("was asked")),
      connect: () => Promise.reject(new Error("was asked")),
    },
    QUEUE_LOGS,
  );
  for (const container of ["app", "log"]) {
    for await (const line of podLogs("team-a", "shop-1", { container, follow: false, signal: new AbortController().signal }))
      expect(line.text).toBe(asked.at(-1));
  }
  expect(asked).toEqual(["shop-1", "shop-1.log"]);
});

test("in a queue-proxy runs nothing; its log has the requests, and is nobody's else", async () => {
  const { podLogs, podStreams } = podAccess(
    {
      all: () => [INSTANCE],
      logs: () => {
        throw new Error("was asked");
      },
      openSession: () => Promise.reject(new Error("was asked")),
      connect: () => Promise.reject(new Error("was asked")),
    },
    QUEUE_LOGS,
  );
  const options = { container: "queue-proxy", follow: true, signal: new AbortController().signal };
  expect((await Array.fromAsync(podLogs("team-a", "shop-1", options))).map(({ text }) => text)).toEqual(["requests of shop-1"]);
  expect(() => podLogs("team-b", "shop-1", options)).toThrow("runs nothing");
  const command = { command: ["ls"], container: "queue-proxy", stdin: false, terminal: false };
  await expect(podStreams.exec("team-a", "shop-1", command)).rejects.toThrow("nothing runs in queue-proxy");
});

test("a queue-proxy's ports, to which the Services of a Revision lead, are where its instance serves; all others are its own", async () => {
  const asked: (number | undefined)[] = [];
  const { podStreams } = podAccess(
    {
      all: () => [INSTANCE],
      logs: () => {
        throw new Error("was asked");
      },
      openSession: () => Promise.reject(new Error("was asked")),
      connect: (_id, port) => {
        asked.push(port);
        return Promise.resolve(new PassThrough());
      },
    },
    QUEUE_LOGS,
  );
  for (const port of [8012, 8013, 8080, 9000]) await podStreams.connect("team-a", "shop-1", port);
  expect(asked).toEqual([undefined, undefined, 8080, 9000]);
});

import { join } from "node:path";
import type { HostConfig } from "dockerode";
import { silentLogger, systemClock, systemRandom } from "@ebb/base";
import { describe, expect, test } from "vitest";
import { describeDriver } from "../driver.conformance.ts";
import { instanceMemory } from "../instance-memory.ts";
import type { InstanceSpec } from "../port.ts";
import { busyboxEngine } from "./busybox.fixture.ts";
import { createContainerDriver } from "./container-driver.ts";
import { hostsWith } from "./ready-networks.ts";
import { containerOptions, sandboxOptions } from "./container-options.ts";
import { readFrames } from "./engine-logs.ts";

const MAX_LOG_BYTES = 1024 * 1024;
const options = { clock: systemClock, log: silentLogger };
const busybox = await busyboxEngine();

if (busybox) {
  const { engine } = busybox;
  describeDriver(
    "container driver",
    async () => {
      busybox.build();
      const open = { ...busybox.options, maxLogBytes: MAX_LOG_BYTES };
      return {
        name: "container",
        open: () => createContainerDriver({ ...open, ...options, engine, readyNetworks: { size: 1, random: systemRandom } }),
        openInChild: `
          import { silentLogger, systemClock } from "@ebb/base";
          import { createContainerDriver } from ${JSON.stringify(join(import.meta.dirname, "container-driver.ts"))};
          import { findEngine } from ${JSON.stringify(join(import.meta.dirname, "engine.ts"))};
          const options = { clock: systemClock, log: silentLogger };
          const engine = await findEngine({ ...options, socketPath: ${JSON.stringify(engine.socketPath)} });
          const driver = createContainerDriver({ ...${JSON.stringify(open)}, ...options, engine });
          await driver.list();`,
        artifact: { kind: "image", reference: busybox.image },
        server: ["sh", "-c", "exec httpd -f -p $PORT -h /tmp"],
        maxLogBytes: MAX_LOG_BYTES,
        skipped: {
          "does not tell again, after a restart, of what had ended before":
            "an engine has no place to note what was told; the manager passes over exits of instances that it does not keep",
          ...(engine.name === "podman" && {
            "gives the last lines, and those since a time":
              "Podman tells the time of a log line in whole seconds on its Docker-compatible API",
          }),
        },
        close: () => Promise.resolve(busybox.close()),
      };
    },
    60_000,
  );
} else {
  describe("container driver", () => test.skip("needs Podman or Docker, and busybox-static", () => {}));
}

const SPEC: InstanceSpec = {
  id: "hello-1",
  workload: "default/hello",
  labels: {},
  artifact: { kind: "image", reference: "app:1" },
  env: { A: "1" },
  port: 8080,
  protocol: "http1",
  resources: { cpuMillis: 250, memoryBytes: 64 << 20 },
  readiness: { tcp: {}, initialDelaySeconds: 0, periodSeconds: 0, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
  terminationGraceSeconds: 5,
};
const CONTEXT = {
  engine: { name: "docker", rootless: false, limitsMemory: true },
  owner: "o",
  network: "ebb",
  dns: undefined,
  seccomp: undefined,
  identity: undefined,
  mounts: [],
  message: "/m",
  maxLogBytes: 1 << 20,
  ulimits: false,
} as const;

test("a container is called as its Pod is", () => {
  const podman = { ...CONTEXT, engine: { ...CONTEXT.engine, name: "podman" } } as const;
  const member = { ...SPEC, id: "app-1.side", memberOf: { group: "app-1", mounts: [] } };
  expect(containerOptions({ ...SPEC, id: "app-1" }, CONTEXT).Hostname).toBe("app-1");
  expect(containerOptions({ ...SPEC, id: "app-1" }, { ...CONTEXT, ready: "/n" }).Hostname).toBe("app-1");
  expect(containerOptions(member, { ...podman, sandbox: "s" }).Hostname).toBe("app-1");
  // Docker refuses that, and gives it the sandbox's.
  expect(containerOptions(member, { ...CONTEXT, sandbox: "s" })).not.toHaveProperty("Hostname");
  expect(sandboxOptions(member, "app-1", CONTEXT).Hostname).toBe("app-1");
  expect(containerOptions({ ...SPEC, id: `${"a".repeat(62)}-b` }, CONTEXT).Hostname).toBe("a".repeat(62));
});

test("a container has no more rights than a server needs, and the limits that were asked for", () => {
  const { HostConfig } = containerOptions(SPEC, CONTEXT);
  expect(HostConfig).toMatchObject({
    CapDrop: ["AUDIT_WRITE", "FSETID", "MKNOD", "NET_RAW", "SETFCAP", "SETPCAP", "SYS_CHROOT"],
    CapAdd: [],
    SecurityOpt: ["no-new-privileges"],
    Memory: 64 << 20,
    MemorySwap: 64 << 20,
    CpuQuota: 25_000,
    PidsLimit: 1024,
  });
  const unlimited = { ...SPEC, resources: {} };
  // It may not take the machine either, where the engine can see to that.
  expect(containerOptions(unlimited, CONTEXT).HostConfig).toMatchObject({ Memory: instanceMemory() });
  expect(
    containerOptions(unlimited, { ...CONTEXT, engine: { name: "podman", rootless: false, limitsMemory: false } }).HostConfig,
  ).not.toHaveProperty("Memory");
  const filtered = containerOptions(SPEC, { ...CONTEXT, seccomp: "/calls.json" }).HostConfig;
  expect(filtered?.SecurityOpt).toEqual(["no-new-privileges", "seccomp=/calls.json"]);
});

test("a container's security context: user, group, read-only files, fewer or more rights, and its share of the cores", () => {
  const made = (security: InstanceSpec["security"]) => containerOptions({ ...SPEC, ...(security ? { security } : {}) }, CONTEXT);
  const bind = { add: ["NET_BIND_SERVICE"], drop: ["ALL"] };
  expect(made({ user: 2020, group: 7, readOnlyRoot: true, capabilities: bind })).toMatchObject({
    User: "2020:7",
    HostConfig: { CapDrop: ["ALL"], CapAdd: ["NET_BIND_SERVICE"], ReadonlyRootfs: true },
  });
  const shares = (cpuRequestMillis: number) =>
    containerOptions({ ...SPEC, resources: { cpuRequestMillis } }, CONTEXT).HostConfig?.CpuShares;
  expect([shares(125), shares(1)]).toEqual([128, 2]);
  expect(made({ user: 0 }).User).toBe("0");
  expect(made({ capabilities: { add: [], drop: ["CHOWN"] } }).HostConfig?.CapDrop).toContain("CHOWN");
  expect(made({ capabilities: { add: ["NET_RAW"], drop: [] } }).HostConfig?.CapDrop).not.toContain("NET_RAW");
  expect(made(undefined)).not.toHaveProperty("User");
});

test("what a container shares: with the machine, or with those beside it, as in a Pod; and where it may say why it ends", () => {
  const host = (more: Partial<InstanceSpec>, sandbox?: string) =>
    containerOptions({ ...SPEC, ...more }, { ...CONTEXT, sandbox }).HostConfig;
  const modes = ({ IpcMode, PidMode }: HostConfig = {}) => [IpcMode, PidMode];
  expect(modes(host({}))).toEqual([undefined, undefined]);
  expect(modes(host({}, "s"))).toEqual(["container:s", undefined]);
  expect(modes(host({ namespaces: { processes: "shared" } }, "s"))).toEqual(["container:s", "container:s"]);
  expect(modes(host({ namespaces: { processes: "host", ipc: "host" } }))).toEqual(["host", "host"]);
  const target = (path?: string) => host(path === undefined ? {} : { terminationMessage: { path } })?.Mounts?.map(({ Target }) => Target);
  expect([target(), target("/var/last"), target("../../last")]).toEqual([["/dev/termination-log"], ["/var/last"], ["/last"]]);
});

test("how a container finds names: by the cluster, and by what is said beside it or instead of it", () => {
  const said = { nameservers: ["1.1.1.1"], searches: ["corp"], options: ["ndots:2"] };
  const host = (resolver?: InstanceSpec["resolver"], dns: string | undefined = "10.0.0.2") => {
    const { Dns, DnsSearch, DnsOptions } =
      containerOptions({ ...SPEC, ...(resolver ? { resolver } : {}) }, { ...CONTEXT, dns }).HostConfig ?? {};
    return { Dns, DnsSearch, DnsOptions };
  };
  const cluster = ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"];
  expect(host()).toEqual({ Dns: ["10.0.0.2"], DnsSearch: cluster, DnsOptions: undefined });
  expect(host({ base: "cluster", ...said })).toEqual({
    Dns: ["10.0.0.2", "1.1.1.1"],
    DnsSearch: [...cluster, "corp"],
    DnsOptions: ["ndots:2"],
  });
  expect(host({ base: "none", ...said })).toEqual({ Dns: ["1.1.1.1"], DnsSearch: ["corp"], DnsOptions: ["ndots:2"] });
  expect(host({ base: "none", ...said, searches: [] }).DnsSearch).toEqual(["."]);
  expect(host({ base: "machine", nameservers: [], searches: [], options: [] })).toEqual({
    Dns: undefined,
    DnsSearch: undefined,
    DnsOptions: undefined,
  });
  const { HostConfig } = containerOptions({ ...SPEC, hostAliases: [{ name: "db", address: "10.1.2.3" }] }, CONTEXT);
  expect(HostConfig?.ExtraHosts).toEqual(["db:10.1.2.3"]);
  const ready = "/links/n";
  const taken = containerOptions({ ...SPEC, hostAliases: [{ name: "db", address: "10.1.2.3" }] }, { ...CONTEXT, ready }).HostConfig;
  expect(taken).toMatchObject({ ExtraHosts: ["db:10.1.2.3"], NetworkMode: "ns:/links/n" });
  const network = { group: "g", path: "/n", address: "10.0.0.9", gateway: "10.0.0.1" };
  expect(hostsWith("127.0.0.1 localhost\n10.1.2.3\tdb\n192.0.2.2\thost.containers.internal\n", network, ["abc", "app"])).toBe(
    "127.0.0.1 localhost\n10.1.2.3\tdb\n10.0.0.1\thost.containers.internal\n10.0.0.9\tabc app\n",
  );
});

test.each([
  [{}, {}],
  [{ command: ["a", "b"] }, { Entrypoint: ["a", "b"], Cmd: [] }],
  [{ args: ["x"] }, { Cmd: ["x"] }],
  [
    { command: ["a"], args: ["x"] },
    { Entrypoint: ["a"], Cmd: ["x"] },
  ],
])("command and args %j as Kubernetes reads them", (words, expected) => {
  const { Entrypoint, Cmd } = containerOptions({ ...SPEC, ...words }, CONTEXT);
  expect(JSON.parse(JSON.stringify({ Entrypoint, Cmd }))).toEqual(expected);
});

test("log frames cut anywhere give the same lines", async () => {
  const frame = (stream: number, text: string) =>
    Buffer.concat([Buffer.from([stream, 0, 0, 0, 0, 0, 0, Buffer.byteLength(text)]), Buffer.from(text)]);
  const at = "2026-01-01T00:00:00.123456789Z";
  const bytes = Buffer.concat([
    frame(1, `${at} one\n`),
    frame(2, `${at} bad\n`),
    frame(1, `${at} tw`),
    frame(1, "o\n"),
    frame(1, `${at} end`),
  ]);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const lines = [];
    const pieces = (async function* () {
      yield bytes.subarray(0, cut);
      yield bytes.subarray(cut);
    })();
    for await (const line of readFrames(pieces)) lines.push(`${line.stream} ${line.time} ${line.text}`);
    const time = Date.UTC(2026, 0, 1, 0, 0, 0, 123);
    expect(lines).toEqual([`stdout ${time} one`, `stderr ${time} bad`, `stdout ${time} two`, `stdout ${time} end`]);
  }
});

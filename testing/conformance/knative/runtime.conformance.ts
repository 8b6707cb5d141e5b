import { systemRandom } from "@ebb/base";
import type { KnativeService } from "@ebb/kube";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeService, named } from "./objects.ts";
import { conditionOf, settled, type Target } from "./target.ts";

/** Knative runtime contract: lifecycle, network environment, configuration. One Service answers for most of it. */
export function describeRuntime(target: () => Target): void {
  let url: string;
  const sh = (command: string, headers: Record<string, string> = {}) => target().shell(url, command, headers);

  beforeAll(async () => {
    await target().create(
      makeService(target(), "contract", {
        env: { MINE: "set by the user", COMPOSED: "$(MINE), composed" },
        spec: { containerConcurrency: 1, timeoutSeconds: 6 },
        container: {
          command: ["sh", "-c", 'echo "$0 $*" > /tmp/args; exec server', "zero"],
          args: ["one", "$(MINE)"],
          workingDir: "/work",
          ports: [{ containerPort: 8888 }],
          resources: { requests: { cpu: "125m" }, limits: { cpu: "1", memory: "128Mi" } },
          securityContext: { runAsUser: 2020 },
          readinessProbe: { httpGet: { path: "/cgi-bin/run?:" } },
          livenessProbe: { tcpSocket: { port: 8888 } },
        },
      }),
    );
    url = (await settled<KnativeService>(target(), named("Service", "contract"))).status?.url ?? "";
  });
  afterAll(() => target().remove(named("Service", "contract")));

  describe("process", () => {
    test("environment: PORT and the names of what it belongs to, and the user's own, composed", async () => {
      expect(await sh("echo $PORT,$K_SERVICE,$K_CONFIGURATION,$K_REVISION,$COMPOSED")).toBe(
        "8888,contract,contract,contract-00001,set by the user, composed",
      );
    });

    test("command and arguments replace the image's, with variables expanded", async () => {
      expect(await sh("cat /tmp/args")).toBe("zero one set by the user");
    });

    test("working directory and user are those that were asked for", async () => {
      expect(await sh("readlink /proc/1/cwd; id -u")).toBe("/work\n2020");
    });

    test("no terminal; standard input is at its end", async () => {
      expect(await sh("wc -c < /proc/1/fd/0; test -t 0 || echo none")).toBe("0\nnone");
    });
  });

  describe("files and devices", () => {
    test("/tmp can be written, as can /var/log where there is one", async () => {
      expect(await sh("for d in /tmp /var/log; do echo hello > $d/file && cat $d/file; done")).toBe("hello\nhello");
    });

    test("standard devices are there, the console is not", async () => {
      expect(
        await sh(
          "for d in null zero full random urandom tty; do test -c /dev/$d || echo no $d; done; test -e /dev/console && echo console",
        ),
      ).toBe("");
      expect(await sh("for l in fd stdin stdout stderr; do readlink /dev/$l; done")).toBe(
        "/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2",
      );
    });

    test("names are resolved by the cluster", async () => {
      expect(await sh("grep -c ^nameserver /etc/resolv.conf")).toMatch(/^[1-9]/);
      expect(await sh("test -s /etc/hosts && test -s /etc/hostname && echo both")).toBe("both");
    });
  });

  test("behind their flags: names of one's own, and a node that has what is asked for; /var/log where it is collected", async () => {
    const flags = ["dnsconfig", "hostaliases", "nodeselector"].map((name) => [`kubernetes.podspec-${name}`, "enabled"]);
    const restores = [
      await target().configure("config-features", Object.fromEntries(flags) as Record<string, string>),
      await target().configure("config-observability", { "logging.enable-var-log-collection": "true" }),
    ];
    const [placed, nowhere] = [`placed-${systemRandom.suffix(4)}`, `nowhere-${systemRandom.suffix(4)}`];
    try {
      const dnsConfig = { nameservers: ["10.9.8.7"], searches: ["corp.test"], options: [{ name: "ndots", value: "2" }] };
      const hostAliases = [{ ip: "10.1.2.3", hostnames: ["db.corp.test"] }];
      const spec = { dnsConfig, hostAliases, nodeSelector: { "kubernetes.io/os": "linux" } };
      await target().create(makeService(target(), nowhere, { spec: { nodeSelector: { zone: "moon" } } }));
      await target().create(makeService(target(), placed, { spec }));
      const at = (await settled<KnativeService>(target(), named("Service", placed))).status?.url ?? "";
      const resolver = await target().shell(at, "cat /etc/resolv.conf");
      for (const line of [/^nameserver 10\.9\.8\.7$/m, /^search .*\bcorp\.test\b/m, /^options .*\bndots:2\b/m])
        expect(resolver).toMatch(line);
      expect(await target().shell(at, "grep -w db.corp.test /etc/hosts")).toMatch(/^10\.1\.2\.3\s/);
      expect(await target().shell(at, "stat -c %a /var/log; echo x > /var/log/x && cat /var/log/x; echo $K_INTERNAL_POD_NAME")).toMatch(
        new RegExp(`^777\nx\n${placed}-00001`),
      );
      const unplaced = await settled(target(), named("Revision", `${nowhere}-00001`), { type: "ResourcesAvailable", status: "False" });
      expect(conditionOf(unplaced)).toMatchObject({
        reason: "Unschedulable",
        message: expect.stringContaining("didn't match Pod's node affinity/selector"),
      });
    } finally {
      for (const restore of restores) await restore();
      for (const name of [placed, nowhere])
        await target()
          .remove(named("Service", name))
          .catch(() => undefined);
    }
  });

  describe("limits", () => {
    test("cgroups hold the limits, and cannot be written", async () => {
      // The unified hierarchy, or that of before.
      const now = "cd /sys/fs/cgroup && test -e memory.max && cat memory.max cpu.max";
      const before = "cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us";
      const [memory, quota = 0, period = 1] = (await sh(`${now} || ${before}`)).split(/\s+/).map(Number);
      expect([memory, quota / period]).toEqual([128 * 2 ** 20, 1]);
      // 1024 a core; the unified hierarchy's weight is the engine's to derive.
      expect(await sh("cd /sys/fs/cgroup; test ! -e cpu/cpu.shares || cat cpu/cpu.shares")).toMatch(/^(128)?$/);
      expect(
        await sh("cd /sys/fs/cgroup; for f in memory.max memory/memory.limit_in_bytes; do test -e $f && echo 1 > $f && echo written; done"),
      ).not.toContain("written");
    });

    test("kernel parameters cannot be written", async () => {
      expect(await sh("echo 0 > /proc/sys/net/ipv4/ip_forward && echo written")).not.toContain("written");
      expect(await sh("grep ' /proc/sys ' /proc/mounts")).toMatch(/ ro[ ,]/);
    });
  });

  describe("network", () => {
    test("headers: the client's own as they were sent, and those of a proxy; none of Knative's", async () => {
      const seen = await sh("env | grep ^HTTP_ | sort", { "this-was-user-set": "a value", "K-Network-Hash": "override" });
      expect(seen).toContain(`HTTP_HOST=${new URL(url).host}`);
      expect(seen).toContain("HTTP_THIS_WAS_USER_SET=a value");
      expect(seen).toMatch(/^HTTP_FORWARDED=.*for=/m);
      expect(seen).toMatch(/^HTTP_X_FORWARDED_FOR=[0-9a-f.:, ]+$/m);
      expect(seen).toMatch(/^HTTP_X_FORWARDED_PROTO=https?$/m);
      expect(seen).not.toMatch(/^HTTP_KNATIVE_SERVING_(REVISION|NAMESPACE)=/m);
    });

    test("one request at a time where containerConcurrency is 1", async () => {
      const busy = "mkdir /tmp/busy || exec echo together; sleep 0.1; rmdir /tmp/busy; echo alone";
      expect(await Promise.all(Array.from({ length: 3 }, () => sh(busy)))).toEqual(["alone", "alone", "alone"]);
    });

    test("a request that takes longer than timeoutSeconds is answered 504", async () => {
      const answer = await target().get(url, { path: `/cgi-bin/run?${encodeURIComponent("sleep 12")}` });
      expect([answer.status, answer.body.trim()]).toEqual([504, "request timeout"]);
    });
  });
}

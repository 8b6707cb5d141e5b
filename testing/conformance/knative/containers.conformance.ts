import type { Container, KnativeService, Revision } from "@ebb/kube";
import { eventually } from "@ebb/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeService, named } from "./objects.ts";
import { conditionOf, refusal, settled, type Target } from "./target.ts";

const SHARED = [{ name: "shared", mountPath: "/shared" }];
const script = (target: Target, name: string, text: string): Container => ({
  name,
  image: target.image,
  command: ["sh", "-c", text],
  volumeMounts: SHARED,
});

/** Several containers in a Revision: one serves, the others run beside it, or before it where the cluster allows that. */
export function describeContainers(target: () => Target): void {
  const spec = { volumes: [{ name: "shared", emptyDir: {} }] };

  describe("beside the one that serves", () => {
    let url: string;
    const sh = (command: string) => target().shell(url, command);

    beforeAll(async () => {
      const service = makeService(target(), "beside", {
        spec,
        container: { name: "app", ports: [{ containerPort: 8080 }], volumeMounts: SHARED },
      });
      service.spec.template.spec.containers.push(
        script(
          target(),
          "side",
          "echo i am beside; trap 'exit 0' TERM; env > /shared/env; while :; do echo hello | nc -l -p 7000; done & wait",
        ),
      );
      await target().create(service);
      url = (await settled<KnativeService>(target(), named("Service", "beside"))).status?.url ?? "";
    });
    afterAll(() => target().remove(named("Service", "beside")));

    test("they share the network and volumes; PORT is the one's alone, the names are all's", async () => {
      expect(await sh("nc 127.0.0.1 7000 < /dev/null")).toBe("hello");
      expect(await sh("grep -E '^(PORT|K_REVISION)=' /shared/env")).toBe("K_REVISION=beside-00001");
    });

    test("the Pod has all of them, each with its state and its log", async () => {
      // The Pod tells of what runs already, and may be a moment behind it.
      const pod = await eventually(async () => {
        const [found] = await target().pods("beside-00001");
        // A real Knative has its own beside them.
        const statuses = (found?.status?.containerStatuses ?? []).filter(({ name }) => name !== "queue-proxy");
        expect(statuses.map(({ name, ready, state }) => [name, ready, state.running !== undefined]).sort()).toEqual([
          ["app", true, true],
          ["side", true, true],
        ]);
        return found;
      });
      expect(await target().log(pod.metadata.name, "side")).toBe("i am beside\n");
    });

    test("exactly one of several has a port", async () => {
      const none = makeService(target(), "portless");
      none.spec.template.spec.containers = ["a", "b"].map((name) => ({ name, image: target().image }));
      expect(await refusal(target().create(none))).toMatchObject({
        code: 400,
        message: expect.stringContaining("missing field(s): spec.template.spec.containers[*].ports"),
      });
    });
  });

  describe("before the one that serves", () => {
    let restore: () => Promise<void>;
    const make = (name: string, text: string, env: Container["env"] = []) => {
      const service = makeService(target(), name, { spec, container: { name: "app", volumeMounts: SHARED, env } });
      service.spec.template.spec.initContainers = [script(target(), "first", text)];
      return service;
    };

    test("is refused where kubernetes.podspec-init-containers is not enabled", async () => {
      restore = await target().configure("config-features", { "kubernetes.podspec-init-containers": "disabled" });
      expect(await refusal(target().create(make("unasked", "true")))).toMatchObject({
        code: 400,
        message: expect.stringContaining("pod spec support for init-containers is off"),
      });
      await restore();
    });

    test("they have ended well before it starts", async () => {
      restore = await target().configure("config-features", {
        "kubernetes.podspec-init-containers": "enabled",
        "kubernetes.podspec-fieldref": "enabled",
      });
      const told = ["metadata.name", "metadata.uid", "status.podIP", "status.hostIP"].map((fieldPath, index) => ({
        name: `TOLD_${index}`,
        valueFrom: { fieldRef: { fieldPath } },
      }));
      await target().create(make("before", "sleep 0.2; echo prepared > /shared/file", told));
      const { status } = await settled<KnativeService>(target(), named("Service", "before"));
      expect(await target().shell(status?.url ?? "", "cat /shared/file")).toBe("prepared");
      // Its address may be written a moment after it has answered.
      const pod = await eventually(async () => (await target().pods("before-00001")).find(({ status }) => status?.podIP !== undefined));
      // What its variables are told of it is what it is.
      const { name, uid } = pod.metadata;
      const { podIP, hostIP } = pod.status ?? {};
      expect(await target().shell(status?.url ?? "", 'echo "$TOLD_0 $TOLD_1 $TOLD_2 $TOLD_3"')).toBe(`${name} ${uid} ${podIP} ${hostIP}`);
      expect(pod.status?.initContainerStatuses).toMatchObject([{ name: "first", ready: true, state: { terminated: { exitCode: 0 } } }]);
    });

    test("one that fails keeps the Revision from being ready", async () => {
      await target().create(make("failing", "echo no database; exit 3"));
      const pod = await eventually(async () => {
        const [found] = await target().pods("failing-00001");
        return (found?.status?.initContainerStatuses?.[0]?.restartCount ?? 0) > 0 ? found : undefined;
      }, 30_000);
      const first = pod.status?.initContainerStatuses?.[0];
      expect(first?.lastState?.terminated?.exitCode ?? first?.state.terminated?.exitCode).toBe(3);
      expect(conditionOf(await target().find<Revision>(named("Revision", "failing-00001")))?.status).not.toBe("True");
    });

    afterAll(async () => {
      await restore();
      for (const name of ["before", "failing"])
        if (await target().find(named("Service", name))) await target().remove(named("Service", name));
    });
  });
}

import { silentLogger, systemClock } from "@ebb/base";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { InstanceSpec } from "../port.ts";
import { busyboxEngine } from "./busybox.fixture.ts";
import { createContainerDriver } from "./container-driver.ts";

const busybox = await busyboxEngine();
const IDS = ["first-1", "first-2", "first-3"];

describe.skipIf(!busybox)("the first containers of a driver", () => {
  beforeAll(() => busybox?.build(), 60_000);
  afterAll(() => busybox?.close());

  test("start at once, also where the engine's default limits are refused", async () => {
    if (!busybox) return;
    const driver = createContainerDriver({ ...busybox.options, clock: systemClock, log: silentLogger, engine: busybox.engine });
    const spec: Omit<InstanceSpec, "id"> = {
      workload: "default/first",
      labels: {},
      artifact: { kind: "image", reference: busybox.image },
      command: ["sleep", "100"],
      env: {},
      port: 8080,
      protocol: "http1",
      resources: {},
      readiness: { tcp: {}, initialDelaySeconds: 0, periodSeconds: 0, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
      terminationGraceSeconds: 1,
    };
    try {
      const started = await Promise.all(IDS.map((id) => driver.start({ ...spec, id })));
      expect(started.map((each) => each.spec.id)).toEqual(IDS);
    } finally {
      for (const id of IDS) await driver.stop(id, 0).then(() => driver.forget(id));
      await driver.close();
    }
  }, 60_000);
});

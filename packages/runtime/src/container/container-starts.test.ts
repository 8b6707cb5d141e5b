import { silentLogger, systemClock } from "@ebb/base";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Driver, InstanceExit, InstanceSpec } from "../port.ts";
import { busyboxEngine } from "./busybox.fixture.ts";
import { createContainerDriver } from "./container-driver.ts";
import { containerName } from "./container-options.ts";
import { Releases } from "./releases.ts";

const busybox = await busyboxEngine();
const IDS = ["first-1", "first-2", "first-3"];
const base = { clock: systemClock, log: silentLogger };

function specOf(image: string): Omit<InstanceSpec, "id"> {
  return {
    workload: "default/first",
    labels: {},
    artifact: { kind: "image", reference: image },
    command: ["sleep", "100"],
    env: {},
    port: 8080,
    protocol: "http1",
    resources: {},
    readiness: { tcp: {}, initialDelaySeconds: 0, periodSeconds: 0, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 },
    terminationGraceSeconds: 1,
  };
}

describe.skipIf(!busybox)("the first containers of a driver", () => {
  beforeAll(() => busybox?.build(), 60_000);
  afterAll(() => busybox?.close());

  test("start at once, also where the engine's default limits are refused", async () => {
    if (!busybox) return;
    const driver = createContainerDriver({ ...busybox.options, ...base, engine: busybox.engine });
    const spec = specOf(busybox.image);
    try {
      const started = await Promise.all(IDS.map((id) => driver.start({ ...spec, id })));
      expect(started.map((each) => each.spec.id)).toEqual(IDS);
    } finally {
      for (const id of IDS) await driver.stop(id, 0).then(() => driver.forget(id));
      await driver.close();
    }
  }, 60_000);

  test.skipIf(busybox?.engine.name !== "podman" || busybox.engine.rootless)(
    "that were let go by an Ebb that died before the engine knew run on, or are known to have ended",
    async () => {
      if (!busybox) return;
      const { engine, options } = busybox;
      const drivers: Driver[] = [];
      const open = () => {
        const driver = createContainerDriver({ ...options, ...base, engine });
        drivers.push(driver);
        return driver;
      };
      const letGo = async (id: string, command: string[]) => {
        const { pid = 0 } = (await open().initialise?.({ ...specOf(busybox.image), id, command })) ?? {};
        const { Id: container } = await engine.docker.getContainer(containerName(id)).inspect();
        const releases = new Releases({ ...base, folder: options.identities });
        expect(releases.letGo({ id, container, pid })).toBe(true);
        return { fate: () => releases.fateOf({ id, container, pid }) };
      };
      const lasting = await letGo("untold-1", ["sh", "-c", "echo ran; exec sleep 100"]);
      const ending = await letGo("untold-2", ["sh", "-c", "exit 3"]);
      await expect.poll(() => [lasting.fate(), ending.fate()], { timeout: 10_000 }).toEqual(["runs", "ended"]);
      const next = open();
      const exits: InstanceExit[] = [];
      next.onExit((exit) => exits.push(exit));
      try {
        const found = (await next.list()).map(({ spec: { id }, prepared }) => [id, prepared]);
        // How is not known if the engine has cleared up meanwhile.
        await expect
          .poll(() => exits, { timeout: 10_000 })
          .toMatchObject([{ id: "untold-2", reason: expect.stringMatching("Error|Unknown") }]);
        expect(found.filter(([id]) => id !== "untold-2")).toEqual([["untold-1", undefined]]);
        // The engine knows, too: it refuses this for what it takes for initialised.
        expect(await next.exec("untold-1", ["echo", "there"], 10)).toEqual({ exitCode: 0, output: "there\n" });
        expect((await engine.docker.getContainer(containerName("untold-1")).inspect()).State.Running).toBe(true);
        // Started once: the engine's start did not run it again.
        const lines: string[] = [];
        for await (const { text } of next.logs("untold-1", {})) lines.push(text);
        expect(lines).toEqual(["ran"]);
        expect((await next.start({ ...specOf(busybox.image), id: "untold-2", command: ["sh", "-c", "exit 3"] })).spec.id).toBe("untold-2");
      } finally {
        for (const id of ["untold-1", "untold-2"]) await next.stop(id, 0).then(() => next.forget(id));
        for (const driver of drivers) await driver.close();
      }
    },
    60_000,
  );
});

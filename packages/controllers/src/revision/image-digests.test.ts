import { silentLogger } from "@ebb/base";
import { VirtualClock } from "@ebb/testkit";
import { parseDeployment, type Revision } from "@ebb/kube";
import { describe, expect, test } from "vitest";
import { marks, revision } from "../testing.ts";
import { ImageDigests, needsDigest, registryOf, type ResolveDigest } from "./image-digests.ts";

const D = `sha256:${"b".repeat(64)}`;
const CONFIG = parseDeployment();
const of = (image: string, status?: Revision["status"], more: object = {}) =>
  revision(1, status, { spec: { containers: [{ name: "user-container", image, ...more }] } });

describe("which Revisions are resolved", () => {
  test.each<[string, Revision, boolean]>([
    ["one by tag", of("ghcr.io/team/app:v1"), true],
    ["one by digest is already", of(`ghcr.io/team/app@${D}`), false],
    ["a bundle is no image", of("bundle.ebb.local/app:v1"), false],
    ["one that was ready has run by what it has", of("app", { conditions: marks({ Ready: "True" }) }), false],
    ["one that is resolved stays so", of("app", { containerStatuses: [{ name: "user-container", imageDigest: `app@${D}` }] }), false],
    ["registries of config-deployment are left out", of("kind.local/app"), false],
  ])("%s", (_, made, expected) => expect(needsDigest(made, CONFIG)).toBe(expected));

  test.each([
    ["app", "index.docker.io"],
    ["team/app", "index.docker.io"],
    ["localhost/app", "localhost"],
    ["127.0.0.1:5000/app", "127.0.0.1:5000"],
  ])("the registry of %s", (image, registry) => expect(registryOf(image)).toBe(registry));
});

describe("resolving", () => {
  function digests(resolve: ResolveDigest) {
    const done = Promise.withResolvers<string>();
    return {
      digests: new ImageDigests({ resolve, clock: new VirtualClock(), log: silentLogger, resolved: done.resolve }),
      done: done.promise,
    };
  }

  test("is pending until the engine has answered, and then the same for ever", async () => {
    const asked: unknown[] = [];
    const { digests: subject, done } = digests(async (reference, options) => {
      asked.push([reference, options]);
      return `app@${D}`;
    });
    expect(subject.of("team/a", of("app:v1"), CONFIG).pending).toBe(true);
    expect(subject.of("team/a", of("app:v1"), CONFIG).pending).toBe(true);
    expect(await done).toBe("team/a");
    const { revision: pinned, pending } = subject.of("team/a", of("app:v1"), CONFIG);
    expect([pending, pinned.status?.containerStatuses]).toEqual([false, [{ name: "user-container", imageDigest: `app@${D}` }]]);
    expect(asked).toEqual([["app:v1", { pull: false, workload: "team/a" }]]);
  });

  test("finds those of all containers, and asks for none twice", async () => {
    const asked: string[] = [];
    const { digests: subject, done } = digests(async (reference) => {
      asked.push(reference);
      return `${reference}@${D}`;
    });
    const spec = {
      initContainers: [{ name: "first", image: "setup:1" }],
      containers: [
        { name: "app", image: "app:v1", ports: [{ containerPort: 1 }] },
        { name: "log", image: `fluent@${D}` },
        { name: "known", image: "known:1" },
      ],
    };
    const made = revision(1, { containerStatuses: [{ name: "known", imageDigest: `old@${D}` }] }, { spec });
    subject.of("team/a", made, CONFIG);
    await done;
    expect(subject.of("team/a", made, CONFIG).revision.status).toMatchObject({
      containerStatuses: [
        { name: "app", imageDigest: `app:v1@${D}` },
        { name: "known", imageDigest: `old@${D}` },
      ],
      initContainerStatuses: [{ name: "first", imageDigest: `setup:1@${D}` }],
    });
    expect(asked).toEqual(["setup:1", "app:v1"]);
  });

  test("asks the registry anew when the container says Always", async () => {
    const asked = Promise.withResolvers<boolean>();
    const { digests: subject } = digests((_, { pull }) => {
      asked.resolve(pull);
      return Promise.resolve(undefined);
    });
    subject.of("team/a", of("app:v1", undefined, { imagePullPolicy: "Always" }), CONFIG);
    expect(await asked.promise).toBe(true);
  });

  test.each<[string, ResolveDigest]>([
    ["fails", () => Promise.reject(new Error("no such image"))],
    ["finds none", () => Promise.resolve(undefined)],
  ])("one that %s leaves the tag", async (_, resolve) => {
    const { digests: subject, done } = digests(resolve);
    subject.of("team/a", of("app:v1"), CONFIG);
    await done;
    const made = of("app:v1");
    expect(subject.of("team/a", made, CONFIG)).toEqual({ revision: made, pending: false });
  });

  test("holds nothing up beyond digest-resolution-timeout; what comes later still counts", async () => {
    const clock = new VirtualClock();
    const answer = Promise.withResolvers<string>();
    const calls: string[] = [];
    const subject = new ImageDigests({ resolve: () => answer.promise, clock, log: silentLogger, resolved: (key) => calls.push(key) });
    const made = of("app:v1");
    subject.of("team/a", made, CONFIG);
    await clock.advance(CONFIG.digestResolutionTimeout - 1);
    expect([subject.of("team/a", made, CONFIG).pending, calls]).toEqual([true, []]);
    await clock.advance(1);
    expect([subject.of("team/a", made, CONFIG), calls]).toEqual([{ revision: made, pending: false }, ["team/a"]]);
    answer.resolve(`app@${D}`);
    await answer.promise;
    await Promise.resolve();
    expect(subject.of("team/a", made, CONFIG).revision.status?.containerStatuses?.[0]?.imageDigest).toBe(`app@${D}`);
    expect(calls).toEqual(["team/a", "team/a"]);
  });

  test("a Revision made anew under the name is asked for anew", async () => {
    const { digests: subject, done } = digests(() => Promise.resolve(`app@${D}`));
    subject.of("team/a", of("app:v1"), CONFIG);
    await done;
    const other = of("app:v2");
    expect(subject.of("team/a", { ...other, metadata: { ...other.metadata, uid: "another" } }, CONFIG).pending).toBe(true);
  });

  test("without an engine, nothing waits", () => {
    const subject = new ImageDigests({ resolve: undefined, clock: new VirtualClock(), log: silentLogger, resolved: () => undefined });
    expect(subject.of("team/a", of("app:v1"), CONFIG).pending).toBe(false);
  });
});

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Docker from "dockerode";
import { systemClock } from "@ebb/base";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { EngineImages } from "./images.ts";

const IMAGE = "registry.test/app:1";

/** What an engine answers on its Docker-compatible API, as far as images go. */
const engine = { has: new Set<string>(), asked: [] as string[], wants: undefined as string | undefined };
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://engine");
  const answer = (status: number, body: unknown) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (pathname === "/images/create") {
    const header = request.headers["x-registry-auth"];
    const { username } = (header === undefined ? {} : JSON.parse(Buffer.from(String(header), "base64").toString())) as {
      username?: string;
    };
    engine.asked.push(username === undefined ? "pull" : `pull as ${username}`);
    if (engine.wants !== undefined && username !== engine.wants) return answer(500, { message: "unauthorized: authentication required" });
    engine.has.add(`${searchParams.get("fromImage")}${searchParams.has("tag") ? `:${searchParams.get("tag")}` : ""}`);
    return answer(200, { status: "pulled" });
  }
  const name = decodeURIComponent(/^\/images\/(.+)\/json$/.exec(pathname)?.[1] ?? "");
  engine.asked.push(name === "" ? "create" : "inspect");
  if (engine.has.has(name === "" ? IMAGE : name)) answer(200, { Id: "made" });
  else answer(404, { message: "no such image" });
});
let docker: Docker;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  docker = new Docker({ host: "127.0.0.1", port: (server.address() as AddressInfo).port, protocol: "http" });
});
afterAll(() => void server.close());
beforeEach(() => {
  engine.has = new Set();
  engine.asked = [];
  engine.wants = undefined;
});

const create = () => docker.createContainer({ Image: IMAGE });

test("an image is pulled once, and not asked for again", async () => {
  const images = new EngineImages(docker, systemClock);
  await images.ensure(IMAGE, "team/a");
  await images.ensure(IMAGE, "team/a");
  await images.make(IMAGE, "team/a", create);
  expect(engine.asked).toEqual(["inspect", "pull", "create"]);
});

test("an image that somebody removed is pulled again by what needs it", async () => {
  engine.has.add(IMAGE);
  const images = new EngineImages(docker, systemClock);
  await images.ensure(IMAGE, "team/a");
  engine.has.clear();
  await images.make(IMAGE, "team/a", create);
  expect(engine.asked).toEqual(["inspect", "create", "inspect", "pull", "create"]);
});

test("an image that was never there is not pulled by what needs it", async () => {
  const images = new EngineImages(docker, systemClock);
  await expect(images.make(IMAGE, "team/a", create)).rejects.toMatchObject({ statusCode: 404 });
  expect(engine.asked).toEqual(["create"]);
});

test("an image is pulled with what its workload may pull with, one credential after the other", async () => {
  engine.wants = "robot";
  const credential = (username: string) => ({ username, password: "p", serveraddress: "registry.test" });
  const asked: string[] = [];
  const images = new EngineImages(docker, systemClock, (workload, reference) => {
    asked.push(`${workload} ${reference}`);
    return Promise.resolve(workload === "team/a" ? [credential("old"), credential("robot")] : []);
  });
  await expect(images.ensure(IMAGE, "team/b")).rejects.toThrow(/unauthorized/);
  await images.ensure(IMAGE, "team/a");
  expect(engine.asked).toEqual(["inspect", "pull", "inspect", "pull as old", "pull as robot"]);
  expect(asked).toEqual([`team/b ${IMAGE}`, `team/a ${IMAGE}`]);
});

test("and so it is when only its digest is asked for", async () => {
  engine.wants = "robot";
  const robot = { username: "robot", password: "p", serveraddress: "registry.test" };
  const images = new EngineImages(docker, systemClock, () => Promise.resolve([robot]));
  await images.digestOf(IMAGE, { pull: true, workload: "team/a" });
  expect(engine.asked).toEqual(["inspect", "pull as robot", "inspect"]);
});

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Docker from "dockerode";
import { systemClock } from "@ebb/base";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { EngineImages } from "./images.ts";

const IMAGE = "registry.test/app:1";

/** What an engine answers on its Docker-compatible API, as far as images go. */
const engine = { has: new Set<string>(), asked: [] as string[] };
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://engine");
  const answer = (status: number, body: unknown) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (pathname === "/images/create") {
    engine.asked.push("pull");
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
});

const create = () => docker.createContainer({ Image: IMAGE });

test("an image is pulled once, and not asked for again", async () => {
  const images = new EngineImages(docker, systemClock);
  await images.ensure(IMAGE);
  await images.ensure(IMAGE);
  await images.make(IMAGE, create);
  expect(engine.asked).toEqual(["inspect", "pull", "create"]);
});

test("an image that somebody removed is pulled again by what needs it", async () => {
  engine.has.add(IMAGE);
  const images = new EngineImages(docker, systemClock);
  await images.ensure(IMAGE);
  engine.has.clear();
  await images.make(IMAGE, create);
  expect(engine.asked).toEqual(["inspect", "create", "inspect", "pull", "create"]);
});

test("an image that was never there is not pulled by what needs it", async () => {
  const images = new EngineImages(docker, systemClock);
  await expect(images.make(IMAGE, create)).rejects.toMatchObject({ statusCode: 404 });
  expect(engine.asked).toEqual(["create"]);
});

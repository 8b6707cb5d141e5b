import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { silentLogger } from "@ebb/base";
import { eventually, VirtualClock } from "@ebb/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { LagPoller, parseLag } from "./lag-poller.ts";

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/lag`;
}
function open() {
  const clock = new VirtualClock();
  const poller = new LagPoller({ clock, log: silentLogger });
  onTestFinished(() => poller.stop());
  return { clock, poller };
}

describe("LagPoller", () => {
  test("reads a number, and again after five seconds", async () => {
    let lag = 7;
    let asked = 0;
    const url = await serve((_, response) => {
      asked++;
      response.end(String(lag));
    });
    const { clock, poller } = open();
    poller.refresh(new Set([url]));
    await eventually(() => poller.values().get(url) === 7);
    lag = 9;
    poller.refresh(new Set([url]));
    await clock.advance(5000);
    poller.refresh(new Set([url]));
    await eventually(() => poller.values().get(url) === 9);
    expect(asked).toBe(2);
  });

  test.each<[string, RequestListener]>([
    ["an error", (_, response) => void response.writeHead(500).end("5")],
    ["a redirect", (_, response) => void response.writeHead(302, { location: "/elsewhere" }).end()],
    ["too much", (_, response) => void response.end("1".padEnd(70_000))],
    ["no number", (_, response) => void response.end("many")],
  ])("%s is not known", async (_, listener) => {
    let answered = false;
    const url = await serve((request, response) => {
      response.on("close", () => (answered = true));
      listener(request, response);
    });
    const { poller } = open();
    poller.refresh(new Set([url]));
    await eventually(() => answered);
    await poller.stop();
    expect(poller.values().size).toBe(0);
  });

  test("what was read a minute ago, and what nobody wants any more, is forgotten", async () => {
    const url = await serve((_, response) => response.end('{"lag":3}'));
    const { clock, poller } = open();
    poller.refresh(new Set([url]));
    await eventually(() => poller.values().get(url) === 3);
    await clock.advance(60_001);
    expect(poller.values().size).toBe(0);
    poller.refresh(new Set([url]));
    await eventually(() => poller.values().get(url) === 3);
    poller.refresh(new Set());
    expect(poller.values().size).toBe(0);
  });

  test.each(["", "null", "-1", '"3"', '{"lag":"3"}', "[3]"])("%j is no number of events", (text) => {
    expect(() => parseLag(text)).toThrow(/neither a number/);
  });
});

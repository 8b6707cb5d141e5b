import { Agent, request } from "node:http";

export interface Visitors {
  host: string;
  /** On average; it rises and falls by half within a minute and a half. */
  perSecond: number;
  paths: readonly string[];
}

const TICK = 100;
const TIDE = 90_000;

/** Sends requests as visitors would, at a rate, not as fast as they are answered; until the returned function is called. */
export function startVisitors(gateway: { host: string; port: number }, all: readonly Visitors[]): () => void {
  const agent = new Agent({ keepAlive: true });
  const owed = new Map(all.map((each) => [each, 0]));
  let at = 0;
  const timer = setInterval(() => {
    at += TICK;
    for (const each of all) {
      const rate = each.perSecond * (1 + Math.sin((2 * Math.PI * at) / TIDE) / 2);
      let due = (owed.get(each) ?? 0) + (rate * TICK) / 1000;
      for (; due >= 1; due--) {
        const path = each.paths[Math.floor(Math.random() * each.paths.length)] ?? "/";
        const sent = request({ ...gateway, agent, path, headers: { host: each.host } }, (response) => void response.resume());
        // Whether they are answered is what the console shows.
        sent.on("error", () => undefined).end();
      }
      owed.set(each, due);
    }
  }, TICK);
  return () => {
    clearInterval(timer);
    agent.destroy();
  };
}

import { LATENCY_BOUNDS, type MirrorStats } from "@ebb/gateway";
import type { VirtualService } from "@ebb/kube";
import { expect, test } from "vitest";
import { MirrorBook } from "./mirror-book.ts";

/** `ms`: all of them took so long, which is a bound. */
function stats(compared: number, ms: number, more: Partial<MirrorStats> = {}): MirrorStats {
  const latency = Array.from({ length: LATENCY_BOUNDS.length + 1 }, (_, i) => (LATENCY_BOUNDS[i] === ms ? compared : 0));
  const none = { statusDiffers: 0, sizeDiffers: 0, leftOut: 0, mainBytes: 10, shadowBytes: 20, samples: [] };
  return { main: "team/shop-00001", compared, ...none, mainLatency: latency, shadowLatency: latency, ...more };
}

function mirroring(host: string | undefined): VirtualService {
  const http = [{ name: "rest", ...(host === undefined ? {} : { mirror: { host } }) }];
  return { apiVersion: "", kind: "", metadata: { name: "shop", namespace: "team" }, spec: { http } };
}

const sample = (id: string, time: number, statusDiffers: boolean) => ({
  id,
  time,
  method: "GET",
  path: "/",
  main: { status: 200, bytes: 1, ms: 1, whole: true },
  shadow: { status: statusDiffers ? 500 : 200, bytes: 2, ms: 1, whole: true },
  statusDiffers,
});

test("what each second brings is added up, by the revision that the clients were answered by", () => {
  const book = new MirrorBook();
  book.add("team/shop-00002", stats(10, 50), 1000);
  book.add("team/shop-00002", stats(30, 100, { statusDiffers: 3 }), 2000);
  book.add("team/shop-00002", stats(5, 1, { main: "team/shop-00003" }), 3000);
  expect(book.list(["team/shop-00002", "team/other-00001"])).toMatchObject([
    { main: "team/shop-00001", compared: 40, statusDiffers: 3, shadowBytes: 40, since: 1000, until: 2000, shadowMs: { p50: 83.33 } },
    { main: "team/shop-00003", compared: 5 },
  ]);
});

test("of those that differ the ones with another status stay, then the newest", () => {
  const book = new MirrorBook();
  book.add("team/shop-00002", stats(1, 1, { samples: [sample("bad", 1, true)] }), 0);
  for (let i = 0; i < 10; i++) {
    const samples = Array.from({ length: 10 }, (_, k) => sample(`${i}-${k}`, 10 * i + k, false));
    book.add("team/shop-00002", stats(10, 1, { samples }), 0);
  }
  const [comparison] = book.list(["team/shop-00002"]);
  expect(comparison?.samples).toHaveLength(50);
  expect(comparison?.samples.slice(0, 2).map(({ id }) => id)).toEqual(["bad", "9-9"]);
});

test("a mirror that begins begins anew, and one that has ended keeps its figures", () => {
  const book = new MirrorBook();
  book.follow(mirroring("shop-00002.team.svc.cluster.local"));
  book.add("team/shop-00002", stats(10, 1), 0);
  book.follow(mirroring("shop-00002.team.svc.cluster.local"));
  expect(book.list(["team/shop-00002"])).toHaveLength(1);
  book.follow(mirroring(undefined));
  expect(book.list(["team/shop-00002"])).toHaveLength(1);
  book.unfollow(mirroring(undefined));
  book.follow(mirroring("shop-00002.team.svc.cluster.local"));
  expect(book.list(["team/shop-00002"])).toEqual([]);
});

import type { RecentRequest } from "@ebb/api";
import { expect, test } from "vitest";
import { askedAgain } from "./asked-again.ts";

const seen: RecentRequest = {
  id: "r1",
  time: "2026-11-23T09:00:00Z",
  method: "POST",
  host: "shop.example.com",
  path: "/orders",
  headers: { "x-user": "ann", accept: null, host: "shop.example.com" },
  cookies: { stage: "beta", session: null },
  query: { page: "2 or 3", token: null },
  status: 200,
  outcome: "complete",
  durationMs: 3,
  responseBytes: 2,
  reason: null,
  count: 1,
  version: "v3",
};

test("what was kept of a request is asked again; of the rest the parameters' names", () => {
  expect(askedAgain(seen)).toEqual({
    method: "POST",
    target: "/orders?page=2%20or%203&token=",
    headers: "x-user: ann\ncookie: stage=beta",
  });
  expect(askedAgain({ ...seen, headers: {}, cookies: {}, query: {} })).toEqual({ method: "POST", target: "/orders" });
});

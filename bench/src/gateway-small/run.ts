import type { Benchmark } from "../main.ts";
import { againstNginx } from "../peers/against-nginx.ts";

export const benchmark: Benchmark = {
  summary: "requests a second on one core, 13-byte answers, 32 and 128 connections, divided by nginx's",
  goal: 0.8,
  run: () => againstNginx({ bytes: 13, connections: [32, 128], ratio: (ours, theirs) => ours.rate / theirs.rate }),
};

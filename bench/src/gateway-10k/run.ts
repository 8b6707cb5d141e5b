import type { Benchmark } from "../main.ts";
import { againstNginx } from "../peers/against-nginx.ts";

export const benchmark: Benchmark = {
  summary: "requests a second on one core, 10 KiB answers, 32 and 128 connections, divided by nginx's",
  goal: 0.9,
  run: () => againstNginx({ bytes: 10_240, connections: [32, 128], ratio: (ours, theirs) => ours.rate / theirs.rate }),
};

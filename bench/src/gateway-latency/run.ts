import type { Benchmark } from "../main.ts";
import { againstNginx } from "../peers/against-nginx.ts";

export const benchmark: Benchmark = {
  summary: "median time of a request at one connection, 13-byte answers: nginx's divided by the gateway's",
  goal: 1 / 1.1,
  run: () => againstNginx({ bytes: 13, connections: [1], ratio: (ours, theirs) => theirs.p50 / ours.p50 }),
};

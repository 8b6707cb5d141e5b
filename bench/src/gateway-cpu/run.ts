import type { Benchmark } from "../main.ts";
import { againstNginx } from "../peers/against-nginx.ts";

export const benchmark: Benchmark = {
  summary: "processor time per request, 13-byte answers: nginx's divided by the gateway's",
  goal: 1 / 1.25,
  run: () => againstNginx({ bytes: 13, connections: [32], ratio: (ours, theirs) => theirs.cpu / ours.cpu }),
};

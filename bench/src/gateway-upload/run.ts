import type { Benchmark } from "../main.ts";
import { bulk } from "../peers/bulk.ts";

export const benchmark: Benchmark = {
  summary: "bytes a second of one upload of 300 MiB, divided by nginx's (without temporary files)",
  goal: 0.8,
  run: () => bulk("up"),
};

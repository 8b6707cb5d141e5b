import type { Benchmark } from "../main.ts";
import { streams } from "../peers/streams.ts";

export const benchmark: Benchmark = {
  summary: "server-sent events for each second of processor time, 50 a second to 100 listeners, divided by nginx's",
  goal: 0.7,
  run: () => streams("events", 100),
};

import type { Benchmark } from "../main.ts";
import { streams } from "../peers/streams.ts";

export const benchmark: Benchmark = {
  summary: "WebSocket messages there and back for each second of processor time, 64 connections, divided by HAProxy's",
  goal: 0.7,
  run: () => streams("websocket", 64),
};

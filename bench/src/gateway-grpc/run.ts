import type { Benchmark } from "../main.ts";
import { streams } from "../peers/streams.ts";

export const benchmark: Benchmark = {
  summary: "unary gRPC calls over h2c for each second of processor time, 4 connections of 16 calls, divided by HAProxy's",
  goal: 0.7,
  run: () => streams("grpc", 4),
};

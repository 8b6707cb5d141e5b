import { expect, test } from "vitest";
import { affordableConnections } from "./open-files.ts";

test.each([
  ["plenty: all that are wanted, and the rest for instances", 20_000, 2, 100_080, { connections: 20_000, upstreamConnections: 80_000 }],
  ["few: half for clients, half for instances", 20_000, 2, 1024, { connections: 472, upstreamConnections: 472 }],
  ["less than is needed at rest: one of each for each worker", 20_000, 2, 64, { connections: 2, upstreamConnections: 2 }],
  ["no bound", 20_000, 1, Infinity, { connections: 20_000, upstreamConnections: Infinity }],
])("%s", (_, wanted, workers, openFiles, affordable) => {
  expect(affordableConnections(wanted, workers, openFiles)).toEqual(affordable);
});

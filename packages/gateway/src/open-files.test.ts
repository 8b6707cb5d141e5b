import { expect, test } from "vitest";
import { affordableConnections } from "./open-files.ts";

test.each([
  [
    "plenty: all that are wanted, and the rest for instances",
    { wanted: 20_000, workers: 2, openFiles: 100_080 },
    { connections: 20_000, upstreamConnections: 80_000 },
  ],
  [
    "few: half for clients, half for instances",
    { wanted: 20_000, workers: 2, openFiles: 1024 },
    { connections: 472, upstreamConnections: 472 },
  ],
  [
    "less than is needed at rest: one of each for each worker",
    { wanted: 20_000, workers: 2, openFiles: 64 },
    { connections: 2, upstreamConnections: 2 },
  ],
  ["no bound", { wanted: 20_000, workers: 1, openFiles: Infinity }, { connections: 20_000, upstreamConnections: Infinity }],
])("%s", (_, { wanted, workers, openFiles }, affordable) => {
  expect(affordableConnections(wanted, workers, openFiles)).toEqual(affordable);
});

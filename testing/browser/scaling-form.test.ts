import { ScalingStrategy } from "@ebb/api";
import { policyOf as policyInCluster } from "@ebb/autoscaler";
import { Value } from "typebox/value";
import { expect, test } from "vitest";
import {
  DEFAULT,
  draftOf,
  isSound,
  newStrategy,
  policyOf,
  type DraftStrategy,
} from "../../apps/console/src/pages/app/scaling/policy/scaling-draft.ts";

/** The console may not import what judges policies in the platform and in the cluster: here they are held together. */
const usual = newStrategy([], "Europe/Berlin");

test.each<Partial<DraftStrategy>>([
  { type: "concurrency" },
  { type: "rps", target: 0.01 },
  { type: "rps", target: 0 },
  { type: "cpu", target: 70 },
  { type: "memory", target: 2e9 },
  { type: "cron" },
  { type: "cron", start: "0 25 * * *" },
  { type: "cron", end: usual.start },
  { type: "cron", end: "0 0 31 2 *" },
  { type: "cron", timezone: "Moon/Base" },
  { type: "cron", timezone: "utc", replicas: 100_000 },
  { type: "lag", target: 5, url: "https://queue.example/waiting" },
  { type: "lag", target: 5, url: "https://ann@queue.example/" },
  { type: "lag", target: 5, url: "queue" },
  { type: "lag", target: 5, url: "http:queue/x" },
  { type: "lag", target: 5, url: "HTTPS://queue.example/x" },
  { type: "lag", target: 5, waiting: "number", lag: 2e15 },
  { type: "cron", start: "@daily" },
  { type: "cron", replicas: 100_001 },
  { type: "lag", target: 5, waiting: "number", lag: 0 },
  { type: "lag", target: 5, waiting: "number", lag: -1 },
])("the console's form judges a strategy as the platform and the cluster do: %j", (part) => {
  const draft = { ...draftOf(DEFAULT), strategies: [{ ...usual, ...part }] };
  const { strategies } = policyOf(draft);
  const fits = strategies?.every((strategy) => Value.Check(ScalingStrategy, strategy)) === true;
  const { problem } = policyInCluster({ "autoscaling.ebb.dev/strategies": JSON.stringify(strategies) });
  expect(isSound(draft)).toBe(fits && problem === undefined);
});

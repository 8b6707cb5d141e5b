import { Type, type Static } from "typebox";
import { AppName, EnvironmentName, Nullable, object, TeamName } from "./names.ts";

const Money = Type.Number({ minimum: 0, maximum: 1e6 });
/** What an hour costs, and what is taken of an instance that states no size. */
export const Prices = object({
  currency: Type.String({ pattern: "^[A-Z]{3}$", description: "Three capital letters: EUR" }),
  cpuHour: Type.Number({ ...Money, description: "A vCPU for an hour" }),
  memoryHour: Type.Number({ ...Money, description: "A GiB for an hour" }),
  assumedCpu: Type.Number({ minimum: 0, maximum: 1024, description: "vCPUs of an instance that states none" }),
  assumedMemory: Type.Number({ minimum: 0, maximum: 65_536, description: "GiB of an instance that states none" }),
});
export type Prices = Static<typeof Prices>;
/** What is left out stays as it is. What has been counted keeps the sizes that were assumed then. */
export const PatchPrices = Type.Partial(Prices, { additionalProperties: false });
export type PatchPrices = Static<typeof PatchPrices>;

const Used = {
  instanceSeconds: Type.Number(),
  cpuSeconds: Type.Number({ description: "vCPUs times seconds, by requests, else limits, else what is assumed" }),
  memoryGibSeconds: Type.Number(),
  cost: Type.Number(),
};
const Figures = {
  ...Used,
  kept: object({ ...Used }),
  savedShare: Nullable(Type.Number({ description: "Of the instance-seconds of one always kept of each app; negative where more ran" })),
};
export const UsageItem = object({
  day: Nullable(Type.String()),
  team: Nullable(TeamName),
  app: Nullable(AppName),
  environment: Nullable(EnvironmentName),
  ...Figures,
});
export type UsageItem = Static<typeof UsageItem>;

/** By days in UTC, both included. `kept`: what one instance of each app that serves, always kept, would have used. */
export const UsageReport = object({
  from: Type.String(),
  to: Type.String(),
  prices: Prices,
  items: Type.Array(UsageItem),
  total: object(Figures),
  gaps: Type.Array(object({ cluster: Type.String(), from: Type.String(), to: Type.String() }), {
    description: "Nobody counted: instances that ended in one are counted until it began, and none that came and went in it",
  }),
});
export type UsageReport = Static<typeof UsageReport>;

const Day = Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\d$", description: "A day, in UTC: 2026-03-01" });
export const UsageQuery = Type.Object({
  team: Type.Optional(TeamName),
  app: Type.Optional(AppName),
  environment: Type.Optional(EnvironmentName),
  by: Type.Optional(Type.Union([Type.Literal("app"), Type.Literal("environment"), Type.Literal("team"), Type.Literal("day")])),
  from: Type.Optional(Type.String({ ...Day, description: "29 days before `to` when absent" })),
  to: Type.Optional(Type.String({ ...Day, description: "Today when absent" })),
});
export type UsageQuery = Static<typeof UsageQuery>;

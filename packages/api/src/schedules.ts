import { Type, type Static } from "typebox";
import { Nullable, object } from "./names.ts";

/** What a request gets while its environment is asleep: it wakes the app that it is for, or a page that says until when, with status 503. */
export const OnRequest = Type.Union([Type.Literal("wake"), Type.Literal("refuse")]);
export type OnRequest = Static<typeof OnRequest>;

const Times = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
    minItems: 1,
    maxItems: 20,
    description: `${description}: cron expressions of five fields`,
  });
/** When a whole environment falls asleep and wakes; the time that came last decides. */
export const Schedule = object({
  timeZone: Type.String({ minLength: 1, maxLength: 64, description: "Of the IANA database: Europe/Berlin" }),
  sleep: Times("When it falls asleep"),
  wake: Times("When it wakes"),
  onRequest: OnRequest,
});
export type Schedule = Static<typeof Schedule>;

/** Without it what the schedule says, or `wake`. */
export const SleepEnvironment = object({ onRequest: Type.Optional(OnRequest) });
export type SleepEnvironment = Static<typeof SleepEnvironment>;

/** Of an environment: whether it is asleep, and what its schedule does next. */
export const SleepFacts = {
  schedule: Nullable(Schedule),
  asleep: Nullable(
    object({
      since: Type.String(),
      by: Type.String({ description: "Who let it: a user, or `schedule`" }),
      onRequest: OnRequest,
      settled: Type.Boolean({ description: "False while it is still being put to sleep" }),
    }),
  ),
  nextChange: Nullable(object({ to: Type.Union([Type.Literal("sleep"), Type.Literal("wake")]), at: Type.String() })),
  instances: Type.Integer({ description: "Of all apps in it, running now" }),
};

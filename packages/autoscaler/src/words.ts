import { codeOf, sayings, type Said, type SaidCode } from "@ebb/base";

/** All that is said of decisions, by part of a sentence; readers in other languages have their own words for each code. */
export const say = sayings({
  "load.concurrency": "{mean} requests at once on average over {window} s, aiming at {target} per instance",
  "load.rps": "{mean} requests a second on average over {window} s, aiming at {target} per instance",
  "load.concurrency-one": "1 request at once on average over {window} s, aiming at {target} per instance",
  "load.rps-one": "1 request a second on average over {window} s, aiming at {target} per instance",
  "load.panicking": ", in panic mode",
  "traffic.some": "requests within {window} s",
  "traffic.none": "no requests within {window} s",
  "cron.open": "its window asks for {count}",
  "cron.closed": "outside of its window",
  "lag.known": "{lag} events wait, aiming at {target} per instance",
  "lag.one": "1 event waits, aiming at {target} per instance",
  "lag.unknown": "not known at the moment: as many as there are",
  "usage.cpu": "{used}% used by each on average, aiming at {target}%",
  "usage.memory": "{used} MiB used by each on average, aiming at {target} MiB",
  "usage.idle": "no traffic",
  "usage.unknown": "not measured yet: as many as there are",
  "bounds.initial": "initial scale {min} until the revision has once been ready",
  "bounds.min": "at least {min} (min-scale); ",
  "bounds.max": "at most {max} (max-scale); ",
  "vote.alone": "the traffic alone needs {count}",
  "vote.alone-more": "the traffic alone would need {count}",
  "vote.of": "{strategy}: ",
  "vote.asks": " asks for {count}",
  "vote.others": " (the largest vote; {others})",
  "held.panic": ": never fewer while it panics",
  "held.scale-down-delay": ": held up by scale-down-delay",
  "held.scale-down-rate": ": no faster down than the scale-down rate",
  "held.scale-up-rate": ": no faster up than the scale-up rate",
  "held.activation-scale": ": raised to activation-scale",
  "zero.asleep": "no traffic for {window} s: asleep",
  "zero.unreachable": "no traffic for {window} s and no route leads here: asleep",
  "zero.retention": "no traffic for {window} s; the last instance is kept for another {seconds} s (scale-to-zero-pod-retention-period)",
  "zero.session": "no traffic for {window} s; the last instance is kept while somebody works in it (an open command or forwarded port)",
  "zero.window-not-over": "no traffic, but it has not been active for a whole window yet: another {seconds} s",
  "zero.activating": "starting: no instance is ready yet",
  "zero.activation-timeout": "no instance became ready in time: given up until the next request",
  "zero.disabled": "no traffic for {window} s, but scale to zero is disabled (enable-scale-to-zero)",
  "wake.asleep": "a request arrived while it was asleep",
  "wake.waiting": "a request is waiting for an instance",
});

/** The sentence in English, and its parts for the words of others. */
export interface Reason {
  reason: string;
  why: readonly SaidCode[];
}

export function reasonOf(...parts: readonly Said[]): Reason {
  return { reason: parts.map(({ words }) => words).join(""), why: parts.map(codeOf) };
}

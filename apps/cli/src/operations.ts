import type { AppEnvironment, Client, Operation, Phase } from "@ebb/api";
import { assertNever } from "@ebb/base";
import { trafficText } from "./columns.ts";
import type { Context } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { Failure } from "./failure.ts";
import { took } from "./output/durations.ts";

export interface FollowOptions {
  /** Shows the build's own output as it comes. */
  readonly logs: boolean;
}

/**
 * Shows an operation as it goes on, and returns it when it has succeeded. Throws Failure with its causes when it has not, and
 * one with exit code 6 when it waits for approval first. An interrupt
 * leaves it running: it belongs to the platform.
 */
export async function followOperation(context: Context, client: Client, operation: Operation, options: FollowOptions): Promise<Operation> {
  const { progress, host } = context;
  const shown = new Set<string>();
  const quoted = new Set<string>();
  let latest = operation;
  try {
    for await (const event of client.operationEvents(operation.id, { signal: host.interrupted })) {
      if (event.type === "log") {
        if (!options.logs) continue;
        progress.quote(event.line);
        quoted.add(event.line);
        continue;
      }
      latest = event.operation;
      if (latest.state === "waiting") break;
      showPhases(context, latest, shown);
    }
  } catch (error) {
    if (!host.interrupted.aborted) throw error;
    throw new Failure(`interrupted: operation ${operation.id} goes on without us`, {
      exit: EXIT.interrupted,
      hint: `Look at it with \`ebb operations show ${operation.id}\`; stop it with \`ebb operations cancel ${operation.id}\`.`,
    });
  }
  progress.idle();
  if (latest.state === "succeeded") return latest;
  if (latest.state === "waiting") {
    // A script finds its id there.
    if (context.output.structured) context.output.show(latest, () => []);
    throw new Failure(`operation ${latest.id} waits for approval`, {
      exit: EXIT.waiting,
      hint: `A colleague approves it with \`ebb approve ${latest.id}\`; it then goes on by itself: ebb operations show ${latest.id}.`,
    });
  }
  throw operationFailure(latest, quoted);
}

function showPhases(context: Context, operation: Operation, shown: Set<string>): void {
  const { progress } = context;
  for (const phase of operation.phases) {
    const text = phaseText(phase);
    if (phase.state === "running") {
      progress.busy(text);
      continue;
    }
    // A phase is run again when the platform restarts in the middle of it: it is shown again, as it happened again.
    const key = `${phase.name} ${phase.startedAt} ${phase.state}`;
    if (shown.has(key)) continue;
    shown.add(key);
    if (phase.state === "succeeded") progress.done(text, phase.duration);
    // Why is said by the error that follows.
    else progress.failed(phase.name, phase.duration);
  }
}

function phaseText(phase: Phase): string {
  return phase.message === "" ? phase.name : `${phase.name.padEnd(8)} ${phase.message}`;
}

/** Log lines beyond this are for `ebb logs`: the end is what matters. */
const MOST_LOG_LINES = 20;

/** Why it has not succeeded. One that was cancelled says no more than that; one that was rejected says by whom, and why. */
export function causeOf({ failure }: Operation): Operation["failure"] {
  return failure?.code === "cancelled" ? null : failure;
}

/** `quoted`: log lines that have been shown already, and are not shown again when they are all of it. */
export function operationFailure(operation: Operation, quoted: ReadonlySet<string> = new Set()): Failure {
  const failure = causeOf(operation);
  if (!failure && operation.state === "cancelled") {
    return new Failure(`the ${operation.kind} of ${subjectOf(operation)} was cancelled`, {
      hint: "Nothing has changed; start it again when you like.",
    });
  }
  if (!failure) return new Failure(`the ${operation.kind} of ${subjectOf(operation)} is ${operation.state}`);
  const log = failure.log.every((line) => quoted.has(line)) ? [] : failure.log.slice(-MOST_LOG_LINES);
  return new Failure(failure.message, { chain: newReasons(failure.message, failure.chain), log, hint: failure.hint ?? undefined });
}

/** Each cause as one line (what follows in it is log, shown below), without those that the one before already says. */
function newReasons(message: string, chain: readonly string[]): string[] {
  const reasons: string[] = [];
  for (const reason of chain) {
    const line = reason.split("\n")[0]?.trim() ?? "";
    if (!(reasons.at(-1) ?? message).includes(line)) reasons.push(line);
  }
  return reasons;
}

/** `hello in test`, `hello`, `the environment test of default`, `the team default`: what an operation is about. */
export function subjectOf({ team, app, environment }: Operation): string {
  if (app !== "") return environment === "" ? app : `${app} in ${environment}`;
  if (team === "") return "the platform";
  return environment === "" ? `the team ${team}` : `the environment ${environment} of ${team}`;
}

/** Shorter than this nobody asks what it waited for. */
const WAITED = 1000;

/** `3.4 s: unpack 0.1 s, build 2.2 s …` */
export function phaseTimes(operation: Operation): string {
  const total = operation.finishedAt === null ? 0 : Date.parse(operation.finishedAt) - Date.parse(operation.createdAt);
  const [first] = operation.phases;
  // For its turn, or for somebody's approval.
  const waited = first ? Date.parse(first.startedAt) - Date.parse(operation.createdAt) : 0;
  const phases = operation.phases.map((phase) => `${phase.name} ${took(phase.duration)}`);
  const parts = [...(waited >= WAITED ? [`waited ${took(waited)}`] : []), ...phases];
  return [took(total), ...(parts.length > 0 ? [parts.join(", ")] : [])].join(": ");
}

/** Follows a change to its end and says what it led to: `done`, or what one of its kind leads to. */
export async function finishChange(context: Context, client: Client, started: Operation, done?: string): Promise<void> {
  const operation = await followOperation(context, client, started, { logs: false });
  const place = { app: operation.app, env: operation.environment };
  const app =
    done !== undefined || operation.app === "" || operation.kind === "delete" || context.output.structured
      ? undefined
      : await client.getAppEnvironment(place);
  context.output.show(operation, () => [done ?? changeText(operation, app)]);
}

function changeText(operation: Operation, app: AppEnvironment | undefined): string {
  switch (operation.kind) {
    case "delete":
      return `${subjectOf(operation)} is deleted.`;
    case "release":
    case "traffic":
      return `${subjectOf(operation)}: the traffic goes to ${app ? trafficText(app) : "another version"}.`;
    case "config":
      // A change of the host makes no version, nor does one before the first.
      if (operation.version === null) return `${subjectOf(operation)}: changed${app?.url ? `; it is at ${app.url}` : ""}.`;
      return `${subjectOf(operation)}: ${operation.version} serves at ${operation.url ?? app?.url ?? "its URL"}`;
    case "sleep":
      return `${subjectOf(operation)} is asleep.`;
    case "wake":
      return `${subjectOf(operation)} is awake.`;
    case "rollout":
      return `${subjectOf(operation)}: all of them have the new configuration.`;
    case "move":
      return `${subjectOf(operation)} has moved.`;
    case "promote":
    case "restart":
    case "deploy":
      return `${subjectOf(operation)}: ${operation.version ?? "the new version"} serves at ${operation.url ?? app?.url ?? "its URL"}`;
    default:
      return assertNever(operation.kind);
  }
}

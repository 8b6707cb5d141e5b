import { ApiError } from "@ebb/api/client";
import { causeChain, EbbError } from "@ebb/base";
import { EXIT, type ExitCode } from "./exit-codes.ts";

export interface FailureOptions {
  exit?: ExitCode;
  /** What to do about it, one sentence a person can act on. */
  hint?: string | undefined;
  /** From what was seen down to the root, outermost first, without `message`. */
  chain?: readonly string[];
  /** The last log lines that matter. */
  log?: readonly string[];
  cause?: unknown;
}

/** How a command ends badly: everything that is printed about it, and its exit code. */
export class Failure extends Error {
  readonly exit: ExitCode;
  readonly hint: string | undefined;
  readonly chain: readonly string[];
  readonly log: readonly string[];

  constructor(message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Failure";
    this.exit = options.exit ?? EXIT.failed;
    this.hint = options.hint;
    this.chain = options.chain ?? [];
    this.log = options.log ?? [];
  }
}

/** How `ebb exec` ends when its command did not end well: with that command's exit code, and nothing of our own to say. */
export class CommandEnded extends Error {
  readonly exit: number;

  constructor(exit: number) {
    super(`the command ended with exit code ${exit}`);
    this.name = "CommandEnded";
    this.exit = exit;
  }
}

/** A request that cannot be right, found before anything was asked of the platform. */
export function usageError(message: string, hint?: string): Failure {
  return new Failure(message, { exit: EXIT.usage, hint });
}

/** The one mapping from every error to what a person reads and a script gets. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof ApiError) return fromApi(error);
  if (error instanceof EbbError && error.kind !== "bug") {
    return new Failure(error.message, { hint: error.hint, chain: causeChain(error).slice(1), cause: error });
  }
  const [message = "unknown error", ...chain] = causeChain(error);
  return new Failure(`internal error: ${message}`, {
    chain,
    log: error instanceof Error && error.stack ? error.stack.split("\n").slice(1, 6) : [],
    hint: "This is a fault of Ebb: please report it with the lines above.",
    cause: error,
  });
}

function fromApi(error: ApiError): Failure {
  const { status, code, detail, hint } = error.problem;
  const options = { hint, chain: causeChain(error).slice(1), cause: error };
  if (status === 401) {
    return new Failure(detail, {
      ...options,
      exit: EXIT.unauthorised,
      hint: hint ?? "Set EBB_TOKEN to the token in the data folder's credentials.json.",
    });
  }
  if (status === 403) return new Failure(detail, { ...options, exit: EXIT.unauthorised });
  if (status === 404) return new Failure(detail, { ...options, exit: EXIT.notFound, hint: hint ?? "`ebb apps` lists what there is." });
  if (error.transient) return new Failure(detail, { ...options, exit: EXIT.unreachable });
  return new Failure(`${detail} (${code})`, options);
}

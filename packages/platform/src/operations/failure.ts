import type { OperationFailure, Said } from "@ebb/api";
import { causeChain, EbbError, UserError } from "@ebb/base";
import { StatusError } from "@ebb/kube";

/** What people need of a log; the whole is with the operation. */
const LOG_LINES = 50;

/** Somebody asked for the end of an operation. */
export class Cancelled extends UserError {
  constructor() {
    super("cancelled", "The operation was cancelled");
  }
}

/** One cause chain from what was seen to the root, whatever was thrown; faults of our own are not shown in detail. */
export function toFailure(error: unknown): OperationFailure {
  if (!(error instanceof EbbError) || error.kind === "bug") {
    return {
      code: "internal",
      message: "Ebb ran into a fault of its own",
      hint: "Try again; if it happens again, the platform's log has the details.",
      chain: [],
      log: [],
    };
  }
  const details = error.details;
  return {
    code: error instanceof StatusError ? "refused_by_cluster" : error.code,
    message: error instanceof StatusError ? `The cluster refused it: ${error.message}` : error.message,
    hint: error.hint ?? null,
    ...chainOf(details, causeChain(error.cause)),
    log: strings(details["log"]).slice(-LOG_LINES),
    ...(isSaid(details["said"]) ? { said: details["said"] } : {}),
  };
}

/** Each cause once, with its code where it has one. */
function chainOf(details: Readonly<Record<string, unknown>>, causes: readonly string[]): Pick<OperationFailure, "chain" | "saidChain"> {
  const told = strings(details["chain"]);
  const chain = [...new Set([...told, ...causes])];
  const codes: readonly unknown[] = Array.isArray(details["saidChain"]) ? details["saidChain"] : [];
  const saidChain = chain.map((words) => codes[told.indexOf(words)]).map((code) => (isSaid(code) ? code : null));
  return saidChain.every((code) => code === null) ? { chain } : { chain, saidChain };
}

function isSaid(value: unknown): value is Said {
  return typeof value === "object" && value !== null && typeof (value as Partial<Said>).code === "string";
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}

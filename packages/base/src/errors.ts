/**
 * Who can mend it decides what happens next:
 * `user` – the request or its input is wrong: shown as it is, never retried;
 * `transient` – the world is not ready: retried with back-off;
 * `bug` – we broke an invariant: logged with its stack, shown as "internal error".
 */
export type ErrorKind = "user" | "transient" | "bug";

export interface ErrorOptions {
  /** What to do about it, one sentence a person can act on. */
  hint?: string;
  cause?: unknown;
  /** Facts for machines and for log lines; never a secret. */
  details?: Record<string, unknown>;
}

/** Base of every error that Ebb throws on purpose. `code` is stable and documented; `message` says what happened. */
export class EbbError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint: string | undefined;
  readonly details: Record<string, unknown>;

  constructor(kind: ErrorKind, code: string, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "EbbError";
    this.kind = kind;
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
  }
}

export class UserError extends EbbError {
  constructor(code: string, message: string, options?: ErrorOptions) {
    super("user", code, message, options);
  }
}

export class TransientError extends EbbError {
  constructor(code: string, message: string, options?: ErrorOptions) {
    super("transient", code, message, options);
  }
}

export class BugError extends EbbError {
  constructor(code: string, message: string, options?: ErrorOptions) {
    super("bug", code, message, options);
  }
}

/** The messages from an error down to its root cause, outermost first, without repeats. */
export function causeChain(error: unknown): string[] {
  const chain: string[] = [];
  const seen = new Set<unknown>();
  for (let at = error; at !== undefined && at !== null && !seen.has(at); at = at instanceof Error ? at.cause : undefined) {
    seen.add(at);
    const message = at instanceof Error ? at.message : typeof at === "string" ? at : JSON.stringify(at);
    if (chain.at(-1) !== message) chain.push(message);
  }
  return chain;
}

/** The `code` of a Node.js system error (`ENOENT`, `EADDRINUSE` …), if it is one. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

export function assertNever(value: never): never {
  throw new BugError("unreachable", `unexpected value: ${JSON.stringify(value)}`);
}

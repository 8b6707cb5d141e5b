import { ApiError, type SendOptions } from "./transport.ts";

/** How a change is asked for. */
export interface ChangeOptions {
  /** The `revision` of what it is made on, as it was read; without it the change is made whatever there is meanwhile. */
  ifMatch?: string | undefined;
}

/** The headers of a change. */
export function changing({ ifMatch }: ChangeOptions = {}): Pick<SendOptions, "headers"> {
  return ifMatch === undefined ? {} : { headers: { "if-match": `"${ifMatch}"` } };
}

/** Whether a change was refused because somebody changed the same meanwhile; `problem.changed` tells who, when and what, where that is known. */
export function isChangedMeanwhile(error: unknown): error is ApiError {
  return error instanceof ApiError && error.problem.code === "precondition_failed";
}

import { EbbError } from "@ebb/base";
import type { StatusBody, StatusDetails, StatusReason } from "./meta.ts";

const CODES: Record<StatusReason, number> = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
};

/** A refused or failed Kubernetes request; `toBody` is what the client is sent. */
export class StatusError extends EbbError {
  readonly reason: StatusReason;
  readonly status: number;
  readonly statusDetails: StatusDetails | undefined;

  constructor(reason: StatusReason, message: string, details?: StatusDetails) {
    super(CODES[reason] >= 500 ? "transient" : "user", reason, message);
    this.name = "StatusError";
    this.reason = reason;
    this.status = CODES[reason];
    this.statusDetails = details;
  }

  toBody(): StatusBody {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: this.message,
      reason: this.reason,
      ...(this.statusDetails ? { details: this.statusDetails } : {}),
      code: this.status,
    };
  }
}

/** Whether `error` is a StatusError of that reason. */
export function isStatus(error: unknown, reason: StatusReason): error is StatusError {
  return error instanceof StatusError && error.reason === reason;
}

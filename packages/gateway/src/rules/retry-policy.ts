import type { UpstreamFailure } from "../core/ports.ts";
import type { ResponseHead } from "../http1/heads.ts";
import type { Retries } from "../route-table.ts";
import { fieldValue } from "./request-view.ts";

/** gRPC's numbers of the status that Envoy's `retry_grpc_on` names. */
const GRPC: Readonly<Record<string, string>> = {
  cancelled: "1",
  "deadline-exceeded": "4",
  "resource-exhausted": "8",
  internal: "13",
  unavailable: "14",
};

/** Whether an answer calls for another attempt (Envoy's `x-envoy-retry-on`). */
export function wantsRetry({ on }: Retries, { status, fields }: Pick<ResponseHead, "status" | "fields">): boolean {
  return on.some((name) => {
    switch (name) {
      case "5xx":
        return status >= 500;
      case "gateway-error":
        return status >= 502 && status <= 504;
      case "retriable-4xx":
        return status === 409;
      default:
        if (GRPC[name] !== undefined) return fieldValue(fields, "grpc-status") === GRPC[name];
        return name === String(status);
    }
  });
}

/** The same of a request that got no answer. A connection that was refused is always tried again: nothing was sent. */
export function wantsRetryAfter({ on }: Retries, failure: UpstreamFailure | "try-timeout"): boolean {
  if (failure === "unprocessed" && on.includes("refused-stream")) return true;
  const names = failure === "try-timeout" ? ["5xx", "gateway-error", "504"] : ["5xx", "reset", "gateway-error", "reset-before-request"];
  return on.some((name) => names.includes(name) && (name !== "reset-before-request" || failure === "refused"));
}

const BACKOFF = 25;

/** Envoy's: up to 25 ms × (2ⁿ − 1), at most ten times the base. */
export function retryDelay(attempt: number, fraction: number): number {
  return fraction * Math.min(10 * BACKOFF, BACKOFF * (2 ** attempt - 1));
}

import type { RequestHead, ResponseHead } from "../http1/heads.ts";
import type { Retries } from "../route-table.ts";
import { wantsRetry, wantsRetryAfter } from "../rules/retry-policy.ts";
import type { BackendState } from "./backend-state.ts";
import { HeldBody } from "./held-body.ts";
import type { UpstreamFailure } from "./ports.ts";

const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"]);
// Most are GET: told without a look-up.
export const isIdempotent = (method: string) => method === "GET" || IDEMPOTENT.has(method);

/** So many may always be tried again, whatever the budget (Envoy's min_retry_concurrency). */
const LEAST_RETRIES = 3;

/** For the attempts that no rule but a policy allows: so many percent of the backend's requests may be in one, as retries must not double the load of what is overloaded. */
interface RetryBudget {
  percent: number;
  backend: Pick<BackendState, "retrying" | "meter">;
}

/**
 * The attempts that a rule or a policy allows one request, and the copy of its body that they need. A body longer than what is held cannot be sent
 * again, and neither can a switch of protocols: such a request has one attempt.
 */
export class RetryState {
  readonly perTryMs: number;
  readonly #policy: Retries;
  readonly #limit: number;
  #body: HeldBody | undefined;
  #replayable: boolean;
  #size = 0;
  /** Begun so far, beside the first. */
  attempt = 0;
  readonly #budget: RetryBudget | undefined;
  /** It is one of its backend's `retrying`. */
  #isCounted = false;

  constructor(
    policy: Retries,
    request: RequestHead,
    { heldBodyBytes, budget }: { heldBodyBytes: number; budget: RetryBudget | undefined },
  ) {
    this.#policy = policy;
    this.#limit = heldBodyBytes;
    this.#budget = budget;
    this.perTryMs = policy.perTrySeconds > 0 ? policy.perTrySeconds * 1000 : Infinity;
    this.#replayable = request.upgrade === "";
    if (request.framing !== "none") this.#body = new HeldBody(heldBodyBytes);
  }

  add(chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > this.#limit) {
      this.#replayable = false;
      this.#body = undefined;
    }
    this.#body?.add(chunk);
  }

  end(trailers: string): void {
    this.#body?.end(trailers);
  }

  /** For the attempt at hand. */
  body(): HeldBody | undefined {
    return this.#body?.copy();
  }

  /** Takes an attempt, if the answer calls for one, one is left, and there is room for it. */
  takeAnswer(head: ResponseHead): boolean {
    return this.#take(wantsRetry(this.#policy, head));
  }

  takeAfter(failure: UpstreamFailure | "try-timeout"): boolean {
    return this.#take(wantsRetryAfter(this.#policy, failure));
  }

  #take(wanted: boolean): boolean {
    if (!wanted || !this.#replayable || this.attempt >= this.#policy.attempts) return false;
    this.attempt++;
    return this.#isWithinBudget();
  }

  /** The request has ended: another may be tried again. */
  leave(): void {
    if (this.#budget && this.#isCounted) this.#budget.backend.retrying--;
    this.#isCounted = false;
  }

  #isWithinBudget(): boolean {
    if (!this.#budget || this.#isCounted) return true;
    const { percent, backend } = this.#budget;
    this.#isCounted = backend.retrying < Math.max(LEAST_RETRIES, (percent / 100) * backend.meter.active);
    if (this.#isCounted) backend.retrying++;
    return this.#isCounted;
  }
}

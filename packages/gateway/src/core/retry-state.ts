import type { RequestHead, ResponseHead } from "../http1/heads.ts";
import type { Retries } from "../route-table.ts";
import { wantsRetry, wantsRetryAfter } from "../rules/retry-policy.ts";
import { HeldBody } from "./held-body.ts";
import type { UpstreamFailure } from "./ports.ts";

/**
 * The attempts that a rule allows one request, and the copy of its body that they need. A body longer than what is held cannot be sent
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

  constructor(policy: Retries, request: RequestHead, heldBodyBytes: number) {
    this.#policy = policy;
    this.#limit = heldBodyBytes;
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

  /** Takes an attempt, if the answer calls for one and one is left. */
  takeAnswer(head: ResponseHead): boolean {
    return this.#take(wantsRetry(this.#policy, head));
  }

  takeAfter(failure: UpstreamFailure | "try-timeout"): boolean {
    return this.#take(wantsRetryAfter(this.#policy, failure));
  }

  #take(wanted: boolean): boolean {
    if (!wanted || !this.#replayable || this.attempt >= this.#policy.attempts) return false;
    this.attempt++;
    return true;
  }
}

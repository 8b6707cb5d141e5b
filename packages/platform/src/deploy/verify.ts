import { causeChain, sleep } from "@ebb/base";
import { operationError } from "../errors.ts";
import type { PlaceDeps } from "./context.ts";
import type { Work } from "./route.ts";

/** A cold start behind the gateway takes seconds at worst: the version has been ready once already. */
const PATIENCE = 60_000;
const RETRY = 200;
/** The gateway says 404 for a host that it does not know, and so may the app for a path: it is the app's when it lasts. */
const NOT_FOUND_PATIENCE = 3000;
const NOT_YET = new Set([502, 503, 504]);

/** Asks through the public route until the app has answered; returns the status. Throws `verify_failed`. */
export async function verify(deps: PlaceDeps, work: Work, url: URL, path: string): Promise<number> {
  const { clock, probe, ingress } = deps;
  const begun = clock.monotonic();
  let notFoundSince: number | undefined;
  for (;;) {
    let seen: string;
    let cause: unknown;
    try {
      const status = await probe(ingress, url, path, work.signal);
      seen = `answered ${status}`;
      if (status === 404) {
        notFoundSince ??= clock.monotonic();
        if (clock.monotonic() - notFoundSince >= NOT_FOUND_PATIENCE) return status;
      } else {
        notFoundSince = undefined;
        if (!NOT_YET.has(status)) return status;
      }
    } catch (error) {
      work.signal.throwIfAborted();
      cause = error;
      seen = causeChain(error).at(-1) ?? "no answer";
    }
    work.say(`${url.host}${path}: ${seen}`);
    if (clock.monotonic() - begun >= PATIENCE) {
      throw operationError("verify_failed", `${url.origin}${path} did not answer properly within ${PATIENCE / 1000} s: ${seen}`, {
        cause,
        hint: "See the app's log (ebb logs) and whether the gateway runs (ebb status).",
      });
    }
    await sleep(clock, RETRY, work.signal);
  }
}

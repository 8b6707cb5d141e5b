import type { SeenRequest } from "../control-protocol.ts";
import { fieldPairs } from "../http1/field-lines.ts";
import type { RequestHead } from "../http1/heads.ts";
import type { RecordedFields } from "../route-table.ts";
import { pathOf, queryOf } from "../rules/request-view.ts";
import { leftUnanswered, type FinishedRequest } from "./traffic-counters.ts";

/** Each is sampled and kept apart, so that however much there is of one, none of the others is pushed out. */
export const ANSWER_KINDS = ["answered", "refused", "failed"] as const;
export type AnswerKind = (typeof ANSWER_KINDS)[number];

/** What counts as an error in the figures is `failed`. Nobody has refused what a client did not wait for: clients leave in waves. */
export function answerKind({ status, outcome }: Pick<FinishedRequest, "status" | "outcome">): AnswerKind {
  if (status >= 500 || outcome === "cut") return "failed";
  if (leftUnanswered({ status, outcome })) return "answered";
  return status >= 400 ? "refused" : "answered";
}

/** One in so many milliseconds is kept of a revision under load, and so many at once of one that is not. */
const PERIOD = 200;
const BURST = 20;
/** Until they are reported, which is each second: more only when nobody asks for reports. */
const MOST_KEPT = 200;
const LONGEST_PATH = 512;
const LONGEST_VALUE = 256;
const LONGEST_NAME = 64;
const MOST_NAMES = 40;

/** The sample that a request which is over belongs to; undefined: it is counted there, and not to be kept. */
export function dueSample(backend: { seen: SeenRequests | undefined }, finished: FinishedRequest, now: number): Sample | undefined {
  const sample = (backend.seen ??= new SeenRequests()).of(answerKind(finished));
  return sample.isDue(now) ? sample : undefined;
}

/** What is known of one when it is kept: once it is over. */
interface Seen extends FinishedRequest {
  /** As the client sent it. */
  request: RequestHead;
  id: string;
  /** Milliseconds since the epoch, when it arrived. */
  time: number;
  /** Empty: an instance answered. */
  reason: string;
}

/**
 * A sample of a revision's requests, for people who want to know which of them failed, or which a change of traffic would move: names of headers,
 * cookies and parameters, and values only of those that a rule asks for. A request that is not kept costs an addition and a comparison.
 */
export class SeenRequests {
  readonly #samples = { answered: new Sample(), refused: new Sample(), failed: new Sample() } satisfies Record<AnswerKind, Sample>;

  of(kind: AnswerKind): Sample {
    return this.#samples[kind];
  }

  /** What was kept since the last time. */
  take(): SeenRequest[] {
    return ANSWER_KINDS.flatMap((kind) => this.#samples[kind].take());
  }
}

class Sample {
  #kept: SeenRequest[] = [];
  /** When the next would be kept if there were no bursts. */
  #due = 0;
  #uncounted = 0;

  /** Counts a request; whether it is one to keep. */
  isDue(now: number): boolean {
    this.#uncounted++;
    if (this.#due - now > PERIOD * (BURST - 1)) return false;
    this.#due = Math.max(this.#due, now) + PERIOD;
    return true;
  }

  keep({ request, reason, id, time, status, outcome, durationMs, responseBytes }: Seen, recorded: RecordedFields | undefined): void {
    if (this.#kept.length >= MOST_KEPT) this.#uncounted += this.#kept.shift()?.count ?? 0;
    const { method, host, target, fields } = request;
    const pairs = fieldPairs(fields);
    this.#kept.push({
      id: id.slice(0, LONGEST_VALUE),
      time,
      status,
      outcome,
      durationMs: Math.round(durationMs * 10) / 10,
      responseBytes,
      ...(reason === "" ? {} : { reason: reason.slice(0, LONGEST_VALUE) }),
      method,
      host,
      path: pathOf(target).slice(0, LONGEST_PATH),
      headers: namesOf(
        pairs.filter(([name]) => name !== "cookie"),
        recorded?.headers,
      ),
      cookies: namesOf(
        pairs.flatMap(([name, value]) => (name === "cookie" ? cookiesOf(value) : [])),
        recorded?.cookies,
      ),
      query: namesOf([...new URLSearchParams(queryOf(target))], recorded?.query),
      count: this.#uncounted,
    });
    this.#uncounted = 0;
  }

  take(): SeenRequest[] {
    const kept = this.#kept;
    if (kept.length > 0) this.#kept = [];
    return kept;
  }
}

/** The first of a name counts, as it does for rules on the query; of headers several are rare, and joined by a comma there. */
function namesOf(pairs: readonly (readonly [string, string])[], recorded: readonly string[] = []): SeenRequest["headers"] {
  const found: SeenRequest["headers"] = {};
  // Those that rules ask for first: they must not be lost among many others.
  const sorted = pairs.toSorted(([a], [b]) => Number(recorded.includes(b)) - Number(recorded.includes(a)));
  for (const [name, value] of sorted.slice(0, MOST_NAMES)) {
    const short = name.slice(0, LONGEST_NAME);
    if (Object.hasOwn(found, short)) continue;
    found[short] = recorded.includes(name) && value.length <= LONGEST_VALUE ? value : null;
  }
  return found;
}

function cookiesOf(value: string): [string, string][] {
  return value.split(";").flatMap((part): [string, string][] => {
    const equals = part.indexOf("=");
    return equals < 0 ? [] : [[part.slice(0, equals).trim(), part.slice(equals + 1).trim()]];
  });
}

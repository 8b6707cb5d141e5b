import type { AccessEntry, RateLimit, TrafficPolicy } from "@ebb/api";
import type { Dictionary } from "../../../i18n/en.ts";
import type { Format } from "../../../i18n/format.ts";

/** What a policy does, a sentence each; nothing of what guards nothing. */
export function guardWords(policy: TrafficPolicy, { guard }: Dictionary, format: Format): string[] {
  const { says } = guard;
  const seconds = (value: number) => format.span(value);
  const who = ({ address, header = "", match = { present: true }, until, note = "" }: AccessEntry): string => {
    const subject =
      address !== undefined
        ? says.address(address)
        : "exact" in match
          ? says.exact(header, match.exact)
          : "prefix" in match
            ? says.prefix(header, match.prefix)
            : "regex" in match
              ? says.regex(header, match.regex)
              : says.present(header);
    return subject + (until === undefined ? "" : says.until(format.dateTime(until))) + (note === "" ? "" : says.note(note));
  };
  const limit = ({ requests, perSeconds, by, burst }: RateLimit): string =>
    says.limit(requests, seconds(perSeconds), typeof by === "object" ? says.byHeader(by.header) : guard.bys[by], burst ?? null);
  const { deny, allow, rateLimits, affinity, ejection, retries } = policy;
  return [
    ...deny.map((entry) => says.deny(who(entry))),
    ...allow.map((entry) => says.allow(who(entry))),
    ...rateLimits.map(limit),
    ...(affinity ? [says.affinity(seconds(affinity.seconds), affinity.cookie)] : []),
    ...(ejection ? [says.ejection(ejection.errors, seconds(ejection.seconds), ejection.maxPercent)] : []),
    ...(retries
      ? [
          says.retries(retries.attempts, retries.on.join(", "), retries.budgetPercent) +
            (retries.perTrySeconds > 0 ? says.perTry(seconds(retries.perTrySeconds)) : ""),
        ]
      : []),
  ];
}

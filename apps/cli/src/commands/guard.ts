import type { AccessEntry, GuardInForce, PatchTrafficPolicy, TrafficPolicy } from "@ebb/api";
import { defineCommand } from "../command.ts";
import { usageError } from "../failure.ts";
import { accessLines, accessText, limitText, parseAccess, parseLimit, parseSeconds, secondsText } from "../guard/policy-syntax.ts";
import { ENV, placeOf } from "../place.ts";

const OFF = "off";
const COOKIE = "ebb-affinity";
/** What a retry is for, and how much of the load it may add: Envoy's usual. */
const RETRY = { perTrySeconds: 0, on: ["5xx", "reset"], budgetPercent: 20 };
const EJECT_PERCENT = 50;

interface Options {
  deny: readonly string[];
  allow: readonly string[];
  remove: readonly string[];
  for: string | undefined;
  note: string | undefined;
  limit: readonly string[];
  affinity: string | undefined;
  eject: string | undefined;
  retry: string | undefined;
  reset: boolean;
}

export const guardCommand = defineCommand({
  name: "guard",
  summary: "Shows or changes an application's guards: access lists, rate limits, retries",
  description:
    "In force at once for all its hosts, without a new version. What is denied gets 403, what is above a limit 429. Entries of the lists may end by themselves.",
  args: { app: { summary: "The application", required: true, completes: "app" } },
  options: {
    ...ENV,
    deny: { kind: "list", placeholder: "WHO", summary: "Adds an address, a block or a header that is refused" },
    allow: { kind: "list", placeholder: "WHO", summary: "Adds one that is let in; all others are refused then" },
    remove: { kind: "list", placeholder: "WHO", summary: "Takes it off both lists" },
    for: { kind: "text", placeholder: "DURATION", summary: "What is added ends after this time" },
    note: { kind: "text", placeholder: "TEXT", summary: "Why, for whoever looks next" },
    limit: { kind: "list", placeholder: "LIMIT", summary: `Replaces the rate limits, as 100/1m or 10/1s:client; ${OFF}: none` },
    affinity: {
      kind: "text",
      placeholder: "DURATION",
      summary: `A client stays with its version and instance so long; ${OFF}: it does not`,
    },
    eject: {
      kind: "text",
      placeholder: "N/DURATION",
      summary: `An instance that fails N times on end gets no requests for that time; ${OFF}: it does`,
    },
    retry: {
      kind: "text",
      placeholder: "N",
      summary: `So many further attempts after a 5xx, within a budget, never of a POST; ${OFF}: none`,
    },
    reset: { kind: "flag", summary: "Nothing guards it any more" },
  },
  prints: "data",
  uses: "platform",
  examples: [
    { run: "ebb guard hello", what: "What is in force" },
    { run: "ebb guard hello --deny 203.0.113.0/24 --for 1h --note 'scraper'", what: "For an hour" },
    { run: "ebb guard hello --limit 20/1s:client --limit 1000/1s", what: "For each client, and for all together" },
    { run: "ebb guard hello --affinity 1h --eject 5/30s --retry 2", what: "Stay, leave the sick alone, try again" },
  ],
  async run(context, { args, options }) {
    const client = await context.connect();
    const place = await placeOf(context, client, args.app, options.env);
    const before = await client.getTrafficPolicy(place);
    const until = options.for === undefined ? undefined : context.host.clock.now() + parseSeconds("--for", options.for) * 1000;
    const patch = patchOf(options, before, until === undefined ? undefined : new Date(until).toISOString());
    const policy = Object.keys(patch).length === 0 ? before : await client.patchTrafficPolicy(place, patch);
    context.output.show(policy, () => lines(policy, context.host.clock.now()));
  },
});

function patchOf(options: Options, before: TrafficPolicy, until: string | undefined): PatchTrafficPolicy {
  const { deny, allow, remove, note, limit, affinity, eject, retry, reset } = options;
  if ((until !== undefined || note !== undefined) && deny.length + allow.length === 0) {
    throw usageError("--for and --note are about what --deny and --allow add", "Name somebody with one of them.");
  }
  const from: TrafficPolicy = reset ? { deny: [], allow: [], rateLimits: [], affinity: null, ejection: null, retries: null } : before;
  const gone = new Set(remove.map((text) => accessText(parseAccess(text))));
  const missing = [...gone].find((text) => ![...before.deny, ...before.allow].some((entry) => accessText(entry) === text));
  if (missing !== undefined) throw usageError(`${missing} is on neither list`, "Look with `ebb guard APP`.");
  const changed = (entries: readonly AccessEntry[], added: readonly string[]) => {
    const news = added.map((text): AccessEntry => ({ ...parseAccess(text), ...(until ? { until } : {}), ...(note ? { note } : {}) }));
    const names = new Set([...news.map(accessText), ...gone]);
    return [...entries.filter((entry) => !names.has(accessText(entry))), ...news];
  };
  return {
    ...(reset ? from : {}),
    ...(deny.length + remove.length > 0 ? { deny: changed(from.deny, deny) } : {}),
    ...(allow.length + remove.length > 0 ? { allow: changed(from.allow, allow) } : {}),
    ...(limit.length > 0 ? { rateLimits: isOff(limit) ? [] : limit.map(parseLimit) } : {}),
    ...(affinity === undefined
      ? {}
      : { affinity: affinity === OFF ? null : { cookie: COOKIE, seconds: parseSeconds("--affinity", affinity) } }),
    ...(eject === undefined ? {} : { ejection: eject === OFF ? null : ejectionOf(eject) }),
    ...(retry === undefined ? {} : { retries: retry === OFF ? null : { ...RETRY, attempts: attemptsOf(retry) } }),
  };
}

const isOff = (texts: readonly string[]) => texts.length === 1 && texts[0] === OFF;

function ejectionOf(text: string): NonNullable<TrafficPolicy["ejection"]> {
  const [, errors, period] = /^(\d{1,4})\/(.+)$/.exec(text) ?? [];
  if (errors === undefined || period === undefined) throw usageError(`--eject ${text}: not a number and a time`, "For example 5/30s.");
  return { errors: Number(errors), seconds: parseSeconds("--eject", period), maxPercent: EJECT_PERCENT };
}

function attemptsOf(text: string): number {
  if (!/^([1-9]|10)$/.test(text)) throw usageError(`--retry ${text}: not a number from 1 to 10`, "For example 2.");
  return Number(text);
}

const ENFORCED = { ebb: "by Ebb's own gateway", istio: "by Istio" } as const;

function lines({ deny, allow, rateLimits, affinity, ejection, retries, enforcement }: GuardInForce, now: number): string[] {
  return [
    ...accessLines("deny", deny, { none: "nobody", now }),
    ...accessLines("allow", allow, { none: "everybody", now }),
    `limits    ${rateLimits.map(limitText).join(", ") || "none"}`,
    `affinity  ${affinity ? `${secondsText(affinity.seconds)} by the cookie ${affinity.cookie}` : OFF}`,
    `eject     ${ejection ? `after ${ejection.errors} failures on end, for ${secondsText(ejection.seconds)}, at most ${ejection.maxPercent} %` : OFF}`,
    `retries   ${retries ? `${retries.attempts} after ${retries.on.join(", ")}, at most ${retries.budgetPercent} % of the requests at hand` : OFF}`,
    `enforced  ${enforcement ? ENFORCED[enforcement.by] : "unknown: the cluster has no guards, or does not answer"}`,
    ...(enforcement?.missing ?? []).map(({ part, why }) => `          except ${part}: ${why}`),
  ];
}

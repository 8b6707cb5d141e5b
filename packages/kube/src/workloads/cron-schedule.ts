import { parseDuration } from "../duration.ts";

/** Five fields as robfig/cron reads them, with the names that months and days have. */
const FIELDS = [
  { name: "minute", least: 0, most: 59, names: [] },
  { name: "hour", least: 0, most: 23, names: [] },
  { name: "day of month", least: 1, most: 31, names: [] },
  { name: "month", least: 1, most: 12, names: "jan feb mar apr may jun jul aug sep oct nov dec".split(" ") },
  { name: "day of week", least: 0, most: 6, names: "sun mon tue wed thu fri sat".split(" ") },
] as const;
const DESCRIPTORS: ReadonlySet<string> = new Set("@yearly @annually @monthly @weekly @daily @midnight @hourly".split(" "));
const EVERY = "@every ";

type Field = (typeof FIELDS)[number];

/** What is wrong with a CronJob's schedule, in robfig/cron's words, which upstream's validation shows; undefined if nothing is. */
export function scheduleFault(schedule: string): string | undefined {
  if (/^(CRON_)?TZ=/.test(schedule) || schedule.includes("TZ")) return "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
  const every = schedule.startsWith(EVERY) ? schedule.slice(EVERY.length) : undefined;
  if (every !== undefined)
    return parseDuration(every) === undefined
      ? `failed to parse duration ${schedule}: time: invalid duration ${JSON.stringify(every)}`
      : undefined;
  if (schedule.startsWith("@")) return DESCRIPTORS.has(schedule) ? undefined : `unrecognized descriptor: ${schedule}`;
  const parts = schedule.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) return `expected exactly 5 fields, found ${parts.length}: [${parts.join(" ")}]`;
  for (const [index, field] of FIELDS.entries())
    for (const range of (parts[index] ?? "").split(",")) {
      const fault = rangeFault(range, field);
      if (fault !== undefined) return fault;
    }
  return undefined;
}

/** `*`, `a`, `a-b`, each also with `/step`. */
function rangeFault(range: string, { least, most, names }: Field): string | undefined {
  const [span = "", step, ...more] = range.split("/");
  if (more.length > 0) return `too many slashes: ${range}`;
  const [low = "", high, ...beyond] = span.split("-");
  if (beyond.length > 0) return `too many hyphens: ${range}`;
  const every = low === "*" || low === "?";
  const start = every ? least : numberOf(low, least, names);
  const end = every ? most : high === undefined ? (step === undefined ? start : most) : numberOf(high, least, names);
  const stride = step === undefined ? 1 : numberOf(step, 0, []);
  for (const [text, value] of [
    [low, start],
    [high, end],
    [step, stride],
  ] as const)
    if (value === undefined) return `failed to parse int from ${text ?? ""}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
  if (start === undefined || end === undefined || stride === undefined) return undefined;
  if (start < least) return `beginning of range (${start}) below minimum (${least}): ${range}`;
  if (end > most) return `end of range (${end}) above maximum (${most}): ${range}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${range}`;
  return stride === 0 ? `step of range should be a positive number: ${range}` : undefined;
}

function numberOf(text: string, least: number, names: readonly string[]): number | undefined {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return named + least;
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** Only names of the time zone database; not this machine's own. */
export function timeZoneFault(zone: string): string | undefined {
  if (zone === "") return "timeZone must be nil or non-empty string";
  if (zone.toLowerCase() === "local") return "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone }).format(0);
    return undefined;
  } catch {
    return `unknown time zone ${zone}`;
  }
}

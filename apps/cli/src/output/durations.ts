const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** An age as kubectl writes it (k8s.io/apimachinery util/duration HumanDuration): two units at most, fewer the older it is. */
export function humanAge(milliseconds: number): string {
  const age = Math.max(0, milliseconds);
  const two = (major: number, majorName: string, minor: number, minorName: string) => {
    const rest = Math.floor((age % major) / minor);
    return `${Math.floor(age / major)}${majorName}${rest > 0 ? `${rest}${minorName}` : ""}`;
  };
  if (age < 2 * MINUTE) return `${Math.floor(age / SECOND)}s`;
  if (age < 10 * MINUTE) return two(MINUTE, "m", SECOND, "s");
  if (age < 3 * HOUR) return `${Math.floor(age / MINUTE)}m`;
  if (age < 8 * HOUR) return two(HOUR, "h", MINUTE, "m");
  if (age < 2 * DAY) return `${Math.floor(age / HOUR)}h`;
  if (age < 8 * DAY) return two(DAY, "d", HOUR, "h");
  if (age < 730 * DAY) return `${Math.floor(age / DAY)}d`;
  return `${Math.floor(age / (365 * DAY))}y`;
}

/** How long ago an RFC 3339 time was; `-` when there is none. */
export function ageOf(time: string | null, now: number): string {
  const at = time === null ? Number.NaN : Date.parse(time);
  return Number.isNaN(at) ? "-" : humanAge(now - at);
}

/** How long something took: `0.3 s`, `12.4 s`, `2 min 05 s`. */
export function took(milliseconds: number): string {
  if (milliseconds < MINUTE) return `${(milliseconds / SECOND).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / SECOND);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** Decimal units, as disks and registries count: `3.2 kB`. */
export function humanBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** `90s`, `10m`, `2h`, `1d`, `1h30m` in milliseconds; undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d{1,9}[smhd])+$/.test(text)) return undefined;
  let total = 0;
  for (const [, count = "", unit = ""] of text.matchAll(/(\d+)([smhd])/g)) total += Number(count) * (UNITS[unit] ?? 0);
  return total;
}

/** `08:15:02` or `08:15:02.123` in the reader's time zone; what is no time as it is. */
export function clockTime(time: string, precision: "seconds" | "milliseconds" = "seconds"): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return time;
  const two = (value: number) => String(value).padStart(2, "0");
  const seconds = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return precision === "seconds" ? seconds : `${seconds}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

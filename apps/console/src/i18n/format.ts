/** Numbers, times and sizes in the reader's language. */
export interface Format {
  number: (value: number) => string;
  /** At most two digits behind the point, none where they say nothing: 0.25, 3.1, 120. */
  decimal: (value: number) => string;
  /** Of 0 to 100, with its sign. */
  percent: (value: number) => string;
  /** Date and time to the second, in the browser's time zone, which it names. */
  dateTime: (rfc3339: string) => string;
  /** A day of the calendar, `2026-11-23`. */
  day: (day: string) => string;
  /** Day of the week, day and time to the minute, by the clock of a zone. */
  inZone: (rfc3339: string, timeZone: string) => string;
  /** Time of day to the millisecond, for log lines. */
  time: (rfc3339: string) => string;
  /** `3 minutes ago`, against `now` in milliseconds. */
  ago: (rfc3339: string, now: number) => string;
  /** The same where there is little room: `3m ago`. */
  agoShort: (rfc3339: string, now: number) => string;
  /** Milliseconds as `820 ms`, `3.4 s`, `2 min 5 s` or `3 h 10 min`. */
  duration: (milliseconds: number) => string;
  /** Whole seconds in the largest unit that leaves nothing over: `90 seconds`, `2 minutes`, `1 hour`. */
  span: (seconds: number) => string;
  bytes: (value: number) => string;
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

const SPANS: readonly [unit: string, seconds: number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** Made when it is first used: a browser takes some 40 ms for all of them, before the first page is drawn. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function agoIn(words: Intl.RelativeTimeFormat, difference: number): string {
  const step = STEPS.find(([, size]) => Math.abs(difference) >= size);
  // A clock that is a little ahead must not say "in 2 seconds".
  if (step === undefined) return words.format(Math.min(0, Math.trunc(difference / 1000)), "second");
  return words.format(Math.trunc(difference / step[1]), step[0]);
}

export function createFormat(locale: string): Format {
  const plain = once(() => new Intl.NumberFormat(locale));
  const tenth = once(() => new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }));
  const dateTime = once(
    () =>
      new Intl.DateTimeFormat(locale, {
        year: "numeric",
        month: "short",
        day: "numeric",
        hour: "2-digit",
        minute: "2-digit",
        second: "2-digit",
        hourCycle: "h23",
        timeZoneName: "short",
      }),
  );
  const day = once(() => new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }));
  const time = once(
    () =>
      new Intl.DateTimeFormat(locale, {
        hour: "2-digit",
        minute: "2-digit",
        second: "2-digit",
        fractionalSecondDigits: 3,
        hourCycle: "h23",
      }),
  );
  const long = once(() => new Intl.RelativeTimeFormat(locale, { numeric: "auto" }));
  const short = once(() => new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "narrow" }));
  const zh = locale.startsWith("zh");
  const unit = zh ? { s: "秒", min: "分", h: "小时" } : { s: "s", min: "min", h: "h" };
  const digits = (maximumFractionDigits: number) => once(() => new Intl.NumberFormat(locale, { maximumFractionDigits }));
  const [whole, one, two] = [digits(0), digits(1), digits(2)];
  const decimal = (value: number) => (value >= 100 ? whole : value >= 10 ? one : two)().format(value);

  return {
    number: (value) => plain().format(value),
    decimal,
    percent: (value) => `${decimal(value)} %`,
    dateTime: (value) => dateTime().format(new Date(value)),
    day: (value) => day().format(new Date(value)),
    inZone: (value, timeZone) =>
      new Intl.DateTimeFormat(locale, {
        timeZone,
        weekday: "short",
        day: "numeric",
        month: "short",
        hour: "2-digit",
        minute: "2-digit",
        hourCycle: "h23",
      }).format(new Date(value)),
    time: (value) => time().format(new Date(value)),
    ago: (value, now) => agoIn(long(), Date.parse(value) - now),
    agoShort: (value, now) => agoIn(short(), Date.parse(value) - now),
    duration: (milliseconds) => {
      if (milliseconds > 0 && milliseconds < 10) return `${decimal(Math.round(milliseconds * 10) / 10)} ${zh ? "毫秒" : "ms"}`;
      if (milliseconds < 1000) return `${Math.round(milliseconds)} ${zh ? "毫秒" : "ms"}`;
      if (milliseconds < 59_950) return `${tenth().format(milliseconds / 1000)} ${unit.s}`;
      const seconds = Math.round(milliseconds / 1000);
      if (seconds < 3600) return `${Math.floor(seconds / 60)} ${unit.min} ${seconds % 60} ${unit.s}`;
      return `${plain().format(Math.floor(seconds / 3600))} ${unit.h} ${Math.floor((seconds % 3600) / 60)} ${unit.min}`;
    },
    span: (seconds) => {
      const [unit, size] = SPANS.find(([, length]) => seconds >= length && seconds % length === 0) ?? ["second", 1];
      return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(seconds / size);
    },
    bytes: (value) => {
      if (value < 1024) return `${value} B`;
      if (value < 1024 * 1024) return `${tenth().format(value / 1024)} KB`;
      return `${tenth().format(value / 1024 / 1024)} MB`;
    },
  };
}

const UNITS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Go's time.ParseDuration (`1m30s`, `0.5h`, `-2s`, `0`) in milliseconds; undefined if it is none. */
export function parseDuration(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0;
  if (!/^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit = ""] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) total += Number(amount) * (UNITS[unit] ?? 0);
  return text.startsWith("-") ? -total : total;
}

/** As Go prints a duration: `1m30s`, `500ms`, `0s`; of milliseconds. */
export function formatDuration(milliseconds: number): string {
  const sign = milliseconds < 0 ? "-" : "";
  const value = Math.abs(milliseconds);
  if (value === 0) return "0s";
  if (value < 1000) return `${sign}${value}ms`;
  const seconds = Number(((value % 60_000) / 1000).toFixed(9));
  const minutes = Math.floor(value / 60_000);
  if (minutes === 0) return `${sign}${seconds}s`;
  return minutes < 60 ? `${sign}${minutes}m${seconds}s` : `${sign}${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}s`;
}

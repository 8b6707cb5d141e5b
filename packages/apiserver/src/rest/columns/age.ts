import { rfc3339 } from "@ebb/base";

/** How long ago that was. */
export function age(timestamp: string | undefined, now: number): string {
  const then = Date.parse(timestamp ?? "");
  if (Number.isNaN(then)) return "<unknown>";
  return humanDuration(Math.max(0, Math.floor((Date.parse(rfc3339(now)) - then) / 1000)));
}

/** k8s.io/apimachinery duration.HumanDuration: two units at most, and one where that says enough. */
export function humanDuration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const years = Math.floor(days / 365);
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return both(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  if (hours < 8) return both(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  if (days < 8) return both(days, "d", hours % 24, "h");
  if (days < 730) return `${days}d`;
  return years < 8 ? both(years, "y", days % 365, "d") : `${years}y`;
}

function both(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${unit}` : `${large}${unit}${small}${smallUnit}`;
}

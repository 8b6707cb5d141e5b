/** The zone of the reader's clock. */
export const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** What a field `datetime-local` shows of an RFC 3339 time, in the reader's time zone, to the minute; empty for none. */
export function toLocalTime(rfc3339: string): string {
  const time = new Date(rfc3339);
  if (Number.isNaN(time.getTime())) return "";
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The time that such a field means; empty for none. */
export function fromLocalTime(local: string): string {
  const time = new Date(local);
  return Number.isNaN(time.getTime()) ? "" : time.toISOString();
}

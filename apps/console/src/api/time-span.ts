/** RFC 3339; without an end until now, without a beginning no time is chosen. */
export interface TimeSpan {
  from?: string | undefined;
  to?: string | undefined;
}

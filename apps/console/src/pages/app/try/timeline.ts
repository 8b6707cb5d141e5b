import type { TriedRequest } from "@ebb/api";
import type { Dictionary } from "../../../i18n/en.ts";
import type { Segment } from "../../../ui/stacked-bar.tsx";
import { segmentsOf } from "../cold-starts/cold-start-phases.ts";

/**
 * Where the time of a request went: to the gateway, the phases of the start that it waited for, the app's answer, the rest of the body. What
 * the phases do not account for is the way there and back, and the app's own time.
 */
export function timelineOf({ timings, coldStart }: Pick<TriedRequest, "timings" | "coldStart">, text: Dictionary): Segment[] {
  const { end } = timings;
  const connected = Math.min(timings.connected ?? 0, end);
  const firstByte = timings.firstByte ?? end;
  const started = (coldStart ? segmentsOf(coldStart, text) : []).filter(({ duration }) => duration > 0);
  const known = started.reduce((sum, { duration }) => sum + duration, 0);
  const app = { name: text.tryIt.phases.app, duration: Math.max(0, firstByte - connected - known), colour: "var(--version-5)" };
  return [
    { name: text.tryIt.phases.connect, duration: connected, colour: "var(--faint)" },
    ...started,
    app,
    { name: text.tryIt.phases.body, duration: Math.max(0, end - firstByte), colour: "var(--link)" },
  ].filter(({ duration }) => duration > 0);
}

import type { Schedule } from "@ebb/api";
import { useFormat, useText } from "../../i18n/language.tsx";
import { browserZone } from "../../ui/local-time.ts";
import { useNow } from "../../ui/use-now.ts";
import { nextChanges } from "./next-changes.ts";

/** What a schedule does next, in words: by its own clock, and by the reader's where that is another. */
export function ScheduleTimes({ schedule }: { schedule: Schedule }) {
  const { environments: text } = useText();
  const format = useFormat();
  const now = useNow(60_000);
  const next = nextChanges(schedule, now);
  if ("fault" in next) {
    return (
      <p className="bad-text" role="status">
        {text.badTime(next.of)} <span lang="en">{next.fault}</span>
      </p>
    );
  }
  return (
    <ul className="sentences" aria-label={text.next}>
      {next.changes.map(({ to, at }) => (
        <li key={`${to} ${at}`}>
          {text.nextChange[to](format.inZone(at, schedule.timeZone))}
          {schedule.timeZone !== browserZone && <span className="faint"> · {text.yourTime(format.inZone(at, browserZone))}</span>}
          <span className="faint"> · {text.inTime(format.duration(Date.parse(at) - now))}</span>
        </li>
      ))}
    </ul>
  );
}

import { useFormat, useText } from "../../../../i18n/language.tsx";
import { usePolicyWords } from "../../../../i18n/policy-words.ts";
import { browserZone } from "../../../../ui/local-time.ts";
import { useNow } from "../../../../ui/use-now.ts";
import { windowNow } from "./window-now.ts";

/** When a window is open, or opens next: by its own clock, and by the reader's where that is another. */
export function WindowTimes({ start, end, timezone }: { start: string; end: string; timezone: string }) {
  const { window: words } = usePolicyWords();
  const { environments: text } = useText();
  const format = useFormat();
  const { from, until } = windowNow({ start, end, timezone }, useNow(60_000));
  const by = (zone: string) =>
    from === null ? words.open(format.inZone(until, zone)) : words.next(format.inZone(from, zone), format.inZone(until, zone));
  const change = from ?? until;
  return (
    <span className="guard-says" role="status">
      {by(timezone)}
      {timezone !== browserZone && <span className="faint"> · {text.yourTime(format.inZone(change, browserZone))}</span>}
    </span>
  );
}

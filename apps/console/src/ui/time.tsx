import { useFormat } from "../i18n/language.tsx";
import { useNow } from "./use-now.ts";

/** `3 minutes ago` (short: `3m ago`), kept current; the exact time on hover and for machines. */
export function Ago({ at, short = false }: { at: string; short?: boolean }) {
  const format = useFormat();
  const now = useNow(20_000);
  return (
    <time dateTime={at} title={format.dateTime(at)}>
      {short ? format.agoShort(at, now) : format.ago(at, now)}
    </time>
  );
}

/** How long something took, or has taken so far while `to` is null. */
export function Took({ from, to }: { from: string; to: string | null }) {
  const format = useFormat();
  const now = useNow(to === null ? 200 : null);
  const end = to === null ? now : Date.parse(to);
  return <span className="number">{format.duration(Math.max(0, end - Date.parse(from)))}</span>;
}

import type { ColdStart } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { coldStartsQuery } from "../../../api/queries.ts";
import { useFormat, useText } from "../../../i18n/language.tsx";
import { Facts } from "../../../ui/facts.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { Blank, Panel } from "../../../ui/page.tsx";
import { StackedBar, StackedKey } from "../../../ui/stacked-bar.tsx";
import { Ago } from "../../../ui/time.tsx";
import { VersionMark } from "../../../ui/version-mark.tsx";
import { usePlace } from "../use-place.ts";
import { figuresOf, keyOf, segmentsOf } from "./cold-start-phases.ts";

/** How the last instances came to serve: where the time went, start by start. */
export function ColdStartsTab() {
  const text = useText();
  const place = usePlace();
  const query = useQuery(coldStartsQuery(place));
  return (
    <>
      <title>{`${text.app.coldStarts} · ${place.app} · Ebb`}</title>
      <Panel title={text.coldStarts.title}>
        <Loaded query={query} rows={6}>
          {({ items, recorded }) =>
            items.length === 0 ? <Blank>{recorded ? text.coldStarts.none : text.coldStarts.notRecorded}</Blank> : <Starts starts={items} />
          }
        </Loaded>
      </Panel>
    </>
  );
}

function Starts({ starts }: { starts: readonly ColdStart[] }) {
  const text = useText();
  const format = useFormat();
  const { count, median, slowest, waited, frozen } = figuresOf(starts);
  const time = (value: number | null) => (value === null ? "–" : format.duration(value));
  const facts: [string, string][] = [
    [text.coldStarts.count, format.number(count)],
    [text.coldStarts.median, time(median)],
    [text.coldStarts.slowest, time(slowest)],
    [text.coldStarts.waited, format.number(waited)],
    [text.coldStarts.frozen, format.number(frozen)],
  ];
  return (
    <>
      <Facts facts={facts} />
      <StackedKey segments={keyOf(text)} />
      <ol className="cold-starts">
        {starts.map((start) => (
          <Start key={`${start.instance} ${start.time}`} start={start} whole={slowest ?? 0} />
        ))}
      </ol>
      <p className="faint">{text.coldStarts.help}</p>
    </>
  );
}

function Start({ start, whole }: { start: ColdStart; whole: number }) {
  const text = useText();
  const format = useFormat();
  const segments = segmentsOf(start, text);
  const label = segments.filter(({ duration }) => duration > 0).map(({ name, duration }) => `${name} ${format.duration(duration)}`);
  return (
    <li>
      <div className="cold-start-facts">
        <VersionMark version={start.version} />
        <span className="faint">
          <Ago at={start.time} />
        </span>
        <code className="faint clipped" title={start.instance}>
          {start.instance}
        </code>
        {start.from === "frozen" && <span>{text.coldStarts.thawed}</span>}
        {start.waited && <span className="warn">{text.coldStarts.hasWaited}</span>}
        <b className="number">{format.duration(start.total)}</b>
      </div>
      <StackedBar segments={segments} whole={whole} label={label.join(", ")} />
    </li>
  );
}

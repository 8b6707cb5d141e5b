import type { ScalingDecision } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import Button from "antd/es/button";
import { decisionsAtQuery, decisionsOfSpanQuery, decisionsQuery, MOST_DECISIONS } from "../../../api/queries.ts";
import { useDecisionWords } from "../../../i18n/decision-words.ts";
import { useFormat, useText } from "../../../i18n/language.tsx";
import { Choice } from "../../../ui/choice.tsx";
import { DataTable, type Column } from "../../../ui/data-table.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { Blank, Panel } from "../../../ui/page.tsx";
import { Ago } from "../../../ui/time.tsx";
import type { TimeSpan } from "../../../api/time-span.ts";
import { lastSeconds, SpanForm } from "../../../ui/time-span.tsx";
import { useNarrow } from "../../../ui/use-narrow.ts";
import { useNow } from "../../../ui/use-now.ts";
import { VersionMark } from "../../../ui/version-mark.tsx";
import { Words } from "../../../ui/words.tsx";
import { holdingAt } from "../metrics/metrics-series.ts";
import { DecisionDetails } from "./decision-details.tsx";
import { ScalingChart } from "./scaling-chart.tsx";
import { usePlace } from "../use-place.ts";

const route = getRouteApi("/apps/$app/$env/scaling");

/** How many instances the app was to have, and why. */
export function ScalingTab() {
  const words = useDecisionWords();
  const text = useText();
  const place = usePlace();
  const { app } = place;
  const narrow = useNarrow();
  const now = useNow(5000);
  const { at, ...span } = route.useSearch();
  const navigate = route.useNavigate();
  const picked = at === undefined ? null : Date.parse(at);
  const chosen = span.from !== undefined;
  const newest = useQuery({ ...decisionsQuery(place), enabled: !chosen });
  const ofSpan = useQuery({ ...decisionsOfSpanQuery(place, span), enabled: chosen });
  const begin = Date.parse(span.from ?? "1970-01-01");
  // What was decided long ago is not among the newest.
  const earlier = useQuery({ ...decisionsAtQuery(place, at ?? ""), enabled: at !== undefined });
  const pick = (milliseconds: number) =>
    void navigate({ search: { ...span, at: new Date(milliseconds).toISOString() }, replace: true, resetScroll: false });
  const show = (search: TimeSpan) => void navigate({ search, replace: true, resetScroll: false });
  const Decisions = narrow ? DecisionCards : DecisionTable;
  return (
    <>
      <title>{`${text.app.scaling} · ${app} · Ebb`}</title>
      <div className="toolbar">
        <Choice
          label={text.span.label}
          value={chosen ? "span" : "newest"}
          options={[
            ["newest", text.span.newest],
            ["span", text.span.choose],
          ]}
          onChange={(next) => show(next === "span" ? lastSeconds(3600) : {})}
        />
        {chosen && <SpanForm key={`${span.from} ${span.to}`} span={span} onShow={show} />}
      </div>
      <Loaded query={chosen ? ofSpan : newest} rows={8}>
        {({ items: all, recorded }) => {
          const items = all.filter(({ time }) => Date.parse(time) >= begin);
          if (items.length === 0)
            return <Blank>{!recorded ? text.scaling.notRecorded : chosen ? text.span.noDecision : text.scaling.empty}</Blank>;
          return (
            <>
              <Panel title={text.scaling.overTime}>
                <ScalingChart
                  decisions={items}
                  now={span.to === undefined ? now : Math.min(now, Date.parse(span.to))}
                  picked={picked}
                  onPick={pick}
                />
                {chosen && items.length === MOST_DECISIONS && <p className="faint">{text.span.newestOnly(MOST_DECISIONS)}</p>}
                {picked === null ? (
                  <p className="faint">{words.pick}</p>
                ) : (
                  <Why at={picked} decisions={holdingAt([...all, ...(earlier.data?.items ?? [])], picked / 1000)} />
                )}
              </Panel>
              <Panel title={text.scaling.decisions}>
                <Decisions decisions={items} onPick={pick} />
              </Panel>
            </>
          );
        }}
      </Loaded>
    </>
  );
}

/** Why there were so many at that moment. */
function Why({ at, decisions }: { at: number; decisions: readonly ScalingDecision[] }) {
  const words = useDecisionWords();
  const text = useText();
  const format = useFormat();
  return (
    <section aria-live="polite" className="decisions">
      <h3>{words.why(format.dateTime(new Date(at).toISOString()))}</h3>
      {decisions.length === 0 && <p className="faint">{text.live.noDecision}</p>}
      {decisions.map((decision) => (
        <DecisionDetails key={decision.version} decision={decision} />
      ))}
    </section>
  );
}

interface DecisionsProps {
  decisions: readonly ScalingDecision[];
  onPick: (milliseconds: number) => void;
}

function DecisionTable({ decisions, onPick }: DecisionsProps) {
  const words = useDecisionWords();
  const text = useText();
  const columns: Column<ScalingDecision>[] = [
    { key: "time", title: text.scaling.time, render: (decision) => <Ago at={decision.time} /> },
    { key: "version", title: text.common.version, render: (decision) => <VersionMark version={decision.version} /> },
    {
      key: "count",
      title: text.apps.instances,
      align: "right",
      render: (decision) => <span className="number nowrap">{change(decision)}</span>,
    },
    { key: "cause", title: text.scaling.cause, render: (decision) => <Cause decision={decision} /> },
    {
      key: "reason",
      title: text.scaling.reason,
      render: (decision) => (
        <div className="faint prose">
          <Words said={decision.why} english={decision.reason} />
        </div>
      ),
    },
    {
      key: "details",
      title: words.details,
      titleUnseen: true,
      align: "right",
      render: (decision) => <DetailsButton decision={decision} onPick={onPick} />,
    },
  ];
  return (
    <DataTable
      label={text.scaling.decisions}
      rows={decisions}
      columns={columns}
      keyOf={(decision) => `${decision.version} ${decision.time}`}
    />
  );
}

/** The table's content where a table would not fit. */
function DecisionCards({ decisions, onPick }: DecisionsProps) {
  return (
    <ul className="cards">
      {decisions.map((decision) => (
        <li key={`${decision.version} ${decision.time}`}>
          <div className="between">
            <VersionMark version={decision.version} />
            <span className="number">{change(decision)}</span>
          </div>
          <div>
            <Cause decision={decision} /> · <Ago at={decision.time} />
          </div>
          <div className="faint">
            <Words said={decision.why} english={decision.reason} />
          </div>
          <DetailsButton decision={decision} onPick={onPick} />
        </li>
      ))}
    </ul>
  );
}

function DetailsButton({ decision, onPick }: { decision: ScalingDecision; onPick: (milliseconds: number) => void }) {
  const words = useDecisionWords();
  return (
    <Button
      size="small"
      aria-label={`${words.details}: ${decision.version} ${change(decision)}`}
      onClick={() => {
        onPick(Date.parse(decision.time));
        scrollTo({ top: 0 });
      }}
    >
      {words.details}
    </Button>
  );
}

/** In words where they are known; a newer cluster may have other causes. */
function Cause({ decision }: { decision: ScalingDecision }) {
  const { causes } = useText().scaling;
  return <span className="nowrap">{causes[decision.cause] ?? decision.cause}</span>;
}

function change({ previous, desired }: ScalingDecision): string {
  return previous === desired ? `${desired}` : `${previous} → ${desired}`;
}

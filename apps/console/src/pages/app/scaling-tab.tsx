import type { ScalingDecision } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { decisionsQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Blank, Panel } from "../../ui/page.tsx";
import { Ago } from "../../ui/time.tsx";
import { useNarrow } from "../../ui/use-narrow.ts";
import { useNow } from "../../ui/use-now.ts";
import { VersionMark } from "../../ui/version-mark.tsx";
import { ScalingChart } from "./scaling-chart.tsx";
import { usePlace } from "./use-place.ts";

/** How many instances the app was to have, and why. */
export function ScalingTab() {
  const text = useText();
  const place = usePlace();
  const { app } = place;
  const narrow = useNarrow();
  const now = useNow(5000);
  const query = useQuery(decisionsQuery(place));
  const Decisions = narrow ? DecisionCards : DecisionTable;
  return (
    <>
      <title>{`${text.app.scaling} · ${app} · Ebb`}</title>
      <Loaded query={query} rows={8}>
        {({ items, recorded }) =>
          items.length === 0 ? (
            <Blank>{recorded ? text.scaling.empty : text.scaling.notRecorded}</Blank>
          ) : (
            <>
              <Panel title={text.scaling.overTime}>
                <ScalingChart decisions={items} now={now} />
              </Panel>
              <Panel title={text.scaling.decisions}>
                <Decisions decisions={items} />
              </Panel>
            </>
          )
        }
      </Loaded>
    </>
  );
}

interface DecisionsProps {
  decisions: readonly ScalingDecision[];
}

function DecisionTable({ decisions }: DecisionsProps) {
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
    { key: "reason", title: text.scaling.reason, render: (decision) => <div className="faint prose">{decision.reason}</div> },
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
function DecisionCards({ decisions }: DecisionsProps) {
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
          <div className="faint">{decision.reason}</div>
        </li>
      ))}
    </ul>
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

import type { ScalingDecision } from "@ebb/api";
import { useDecisionWords } from "../../../i18n/decision-words.ts";
import { useFormat, useText } from "../../../i18n/language.tsx";
import { strategyWords } from "../../../i18n/said.ts";
import { DataTable, type Column } from "../../../ui/data-table.tsx";
import { Facts } from "../../../ui/facts.tsx";
import { VersionMark } from "../../../ui/version-mark.tsx";
import { Words } from "../../../ui/words.tsx";

type Vote = NonNullable<ScalingDecision["votes"]>[number];

/** One decision of the autoscaler: what it saw, what each strategy asked for, and what came of it. */
export function DecisionDetails({ decision }: { decision: ScalingDecision }) {
  const text = useText();
  const format = useFormat();
  const { observed, metric, bounds, votes, winner } = decision;
  const words = useDecisionWords();
  const load = (value: number) => `${format.decimal(value)} ${words.units[metric] ?? metric}`;
  const facts: [string, string][] = [
    [words.wanted, `${decision.previous} → ${decision.desired}`],
    [words.ready, format.number(observed.ready)],
    [words.stable, load(observed.stable)],
    [words.panic, load(observed.panic)],
    [words.target, load(decision.target)],
    [words.recommended, format.number(decision.recommended)],
    [words.bounds, `${bounds.min} – ${bounds.max === 0 ? "∞" : bounds.max}`],
    [words.spare, load(decision.excessBurstCapacity)],
  ];
  const columns: Column<Vote>[] = [
    {
      key: "strategy",
      title: words.strategy,
      render: ({ strategy }) => (
        <>
          <b>{strategyWords(text, strategy)}</b> {strategy === winner && <span className="faint">{words.won}</span>}
        </>
      ),
    },
    { key: "desired", title: words.asked, align: "right", render: ({ desired }) => <span className="number">{desired}</span> },
    {
      key: "reason",
      title: text.scaling.reason,
      render: ({ reason, why }) => (
        <div className="faint prose">
          <Words said={why} english={reason} />
        </div>
      ),
    },
  ];
  return (
    <div className="decision">
      <p>
        <VersionMark version={decision.version} /> <b>{text.scaling.causes[decision.cause] ?? decision.cause}</b>:{" "}
        <Words said={decision.why} english={decision.reason} />{" "}
        <span className="faint">
          {words.held(format.dateTime(decision.time), format.dateTime(decision.until))}
          {decision.mode === "panic" && ` ${words.panicking}`}
        </span>
      </p>
      <Facts facts={facts} />
      {votes === undefined || votes.length === 0 ? (
        <p className="faint">{words.noVotes}</p>
      ) : (
        <DataTable
          label={words.votes(decision.version)}
          rows={votes}
          columns={columns}
          keyOf={({ strategy, reason }) => `${strategy} ${reason}`}
        />
      )}
    </div>
  );
}

import type { ScalingPolicy, WhatIf } from "@ebb/api";
import Button from "antd/es/button";
import { useState } from "react";
import type { Question } from "../../../../api/question.ts";
import { useSpeech } from "../../../../i18n/language.tsx";
import { usePolicyWords } from "../../../../i18n/policy-words.ts";
import { Sentences } from "../../../../ui/change-sentences.tsx";
import { DataTable, type Column } from "../../../../ui/data-table.tsx";
import { useNarrow } from "../../../../ui/use-narrow.ts";
import { VersionMark } from "../../../../ui/version-mark.tsx";
import { Words } from "../../../../ui/words.tsx";
import { outcomeRows, outcomeSays, type OutcomeRow } from "./outcome.ts";
import { settingsOf } from "./question.ts";

interface OutcomeShownProps {
  found: WhatIf;
  question: Question;
  /** That are in force. */
  strategies: ScalingPolicy["strategies"];
  onUse: ((settings: Partial<ScalingPolicy>) => void) | undefined;
}

/** What would have come of it, in words first; then all figures side by side. */
export function OutcomeShown({ found, question, strategies, onUse }: OutcomeShownProps) {
  const words = usePolicyWords();
  const { whatIf } = words;
  const { format } = useSpeech();
  const [used, setUsed] = useState<Question | null>(null);
  const { version, from, until, requests, busySeconds, notes, saidNotes, asked } = found;
  const columns = useColumns();
  const settings = settingsOf(question, asked.policy, strategies);
  return (
    <>
      <p>
        <VersionMark version={version} />{" "}
        {whatIf.record(format.number(requests), format.number(busySeconds), format.dateTime(from), format.dateTime(until))}
      </p>
      <Sentences words={outcomeSays(found, { words, format })} />
      {notes.map((note, index) => (
        <p key={note} className="faint">
          <Words said={saidNotes?.slice(index, index + 1)} english={note} />
        </p>
      ))}
      <DataTable label={whatIf.title} rows={outcomeRows(found, { words, format })} columns={columns} keyOf={({ key }) => key} />
      {onUse && Object.keys(settings).length > 0 && (
        <div className="form-actions">
          <Button
            onClick={() => {
              onUse(settings);
              setUsed(question);
            }}
          >
            {whatIf.use}
          </Button>
          <span role="status">{used === question && whatIf.used}</span>
        </div>
      )}
      {onUse && question.window !== undefined && <p className="faint">{whatIf.notUsed}</p>}
    </>
  );
}

/** Sentences break into lines, figures do not. */
const inWords = ({ key }: OutcomeRow) => key === "strategies";

/** A phone has no room for two columns of figures beside each other. */
function useColumns(): Column<OutcomeRow>[] {
  const { whatIf } = usePolicyWords();
  const narrow = useNarrow();
  const what: Column<OutcomeRow> = { key: "what", title: whatIf.what, render: ({ key }) => whatIf.rows[key] };
  const figure = (key: "inForce" | "asked" | "difference"): Column<OutcomeRow> => ({
    key,
    title: whatIf[key],
    align: "right",
    render: (row) => <span className={`${inWords(row) ? "" : "number"} ${key === "asked" ? "strong" : ""}`}>{row[key]}</span>,
  });
  if (!narrow) return [what, figure("inForce"), figure("asked"), figure("difference")];
  const both: Column<OutcomeRow> = {
    key: "both",
    title: `${whatIf.inForce} → ${whatIf.asked}`,
    align: "right",
    render: (row) => {
      const { inForce, asked } = row;
      return <span className={inWords(row) ? "" : "number"}>{inForce === asked ? asked : `${inForce} → ${asked}`}</span>;
    },
  };
  return [what, both];
}

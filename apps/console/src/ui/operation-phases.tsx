import CheckCircleFilled from "@ant-design/icons/CheckCircleFilled";
import CloseCircleFilled from "@ant-design/icons/CloseCircleFilled";
import LoadingOutlined from "@ant-design/icons/LoadingOutlined";
import type { Operation, Phase } from "@ebb/api";
import type { ReactNode } from "react";
import type { Dictionary } from "../i18n/en.ts";
import { useFormat, useText } from "../i18n/language.tsx";
import { spansOf } from "./phase-spans.ts";
import { Took } from "./time.tsx";
import { useNow } from "./use-now.ts";
import { Words } from "./words.tsx";

const ICON: Record<Phase["state"], ReactNode> = {
  running: <LoadingOutlined className="busy" />,
  succeeded: <CheckCircleFilled className="good" />,
  failed: <CloseCircleFilled className="bad" />,
};

/** The phases in their order, each with how long it took and, as a bar, where that is in the time from the source to the first answer. */
export function OperationPhases({ operation }: { operation: Operation }) {
  const text = useText();
  if (operation.phases.length === 0) return operation.finishedAt === null ? <p className="faint">{text.operation.waiting}</p> : null;
  return <Timeline operation={operation} />;
}

/** A release's phases are its steps. */
function phaseName(text: Dictionary, name: string): string {
  const step = /^step (\d+) %$/.exec(name)?.[1];
  return step === undefined ? (text.phase[name] ?? name) : text.phaseStep(step);
}

function Timeline({ operation }: { operation: Operation }) {
  const text = useText();
  const format = useFormat();
  const now = useNow(operation.finishedAt === null ? 200 : null);
  const { whole, spans } = spansOf(operation.phases, now);
  const answered = operation.state === "succeeded" && operation.kind === "deploy";
  return (
    <ol className="phases" aria-label={text.operation.phases}>
      {operation.phases.map((phase, index) => (
        <li key={`${phase.name} ${phase.startedAt}`}>
          {ICON[phase.state]}
          <span className="phase-name">{phaseName(text, phase.name)}</span>
          <span className="phase-message faint">
            <Words said={phase.said && [phase.said]} english={phase.message} />
          </span>
          <span className={phase.state === "failed" ? "phase-bar phase-failed" : "phase-bar"} aria-hidden="true">
            <span style={{ marginInlineStart: `${spans[index]?.left ?? 0}%`, width: `${spans[index]?.width ?? 0}%` }} />
          </span>
          <span className="phase-took">
            <Took from={phase.startedAt} to={phase.finishedAt} />
          </span>
        </li>
      ))}
      {operation.finishedAt !== null && operation.phases.length > 1 && (
        <li className="phases-whole">
          <span className="phase-name strong">{answered ? text.timeline.whole : text.timeline.until}</span>
          <span className="phase-took strong number">{format.duration(whole)}</span>
        </li>
      )}
    </ol>
  );
}

import CheckCircleFilled from "@ant-design/icons/CheckCircleFilled";
import CloseCircleFilled from "@ant-design/icons/CloseCircleFilled";
import LoadingOutlined from "@ant-design/icons/LoadingOutlined";
import type { Operation, Phase } from "@ebb/api";
import type { ReactNode } from "react";
import { useText } from "../i18n/language.tsx";
import { Took } from "./time.tsx";

const ICON: Record<Phase["state"], ReactNode> = {
  running: <LoadingOutlined className="busy" />,
  succeeded: <CheckCircleFilled className="good" />,
  failed: <CloseCircleFilled className="bad" />,
};

/** The phases in their order, each with how long it took and, as a bar, which share of the whole that is. */
export function OperationPhases({ operation }: { operation: Operation }) {
  const text = useText();
  if (operation.phases.length === 0) return operation.finishedAt === null ? <p className="faint">{text.operation.waiting}</p> : null;
  const whole = Math.max(1, ...operation.phases.map((phase) => phase.duration));
  return (
    <ol className="phases" aria-label={text.operation.phases}>
      {operation.phases.map((phase) => (
        <li key={`${phase.name} ${phase.startedAt}`}>
          {ICON[phase.state]}
          <span className="phase-name">{text.phase[phase.name] ?? phase.name}</span>
          <span className="phase-message faint">{phase.message}</span>
          <span className="phase-bar" aria-hidden="true">
            <span style={{ width: `${(100 * phase.duration) / whole}%` }} />
          </span>
          <span className="phase-took">
            <Took from={phase.startedAt} to={phase.finishedAt} />
          </span>
        </li>
      ))}
    </ol>
  );
}

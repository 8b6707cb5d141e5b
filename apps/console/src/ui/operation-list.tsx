import type { Operation } from "@ebb/api";
import { Link } from "@tanstack/react-router";
import { useText } from "../i18n/language.tsx";
import { AppLink } from "./app-link.tsx";
import { OperationStateLabel } from "./state.tsx";
import { Ago, Took } from "./time.tsx";

/** One line an operation, newest first; a failed one with its cause. */
export function OperationList({ operations, withApp }: { operations: readonly Operation[]; withApp: boolean }) {
  const text = useText();
  return (
    <ul className="operations">
      {operations.map((operation) => (
        <li key={operation.id}>
          <div className={withApp ? "operation-row with-app" : "operation-row"}>
            <Link to="/operations/$id" params={{ id: operation.id }}>
              {text.operationKind[operation.kind]}
            </Link>
            {withApp && <AppLink app={operation.app} env={operation.environment} />}
            <code>{operation.version}</code>
            <OperationStateLabel state={operation.state} />
            <span className="operation-when faint">
              <Ago at={operation.createdAt} /> · <Took from={operation.createdAt} to={operation.finishedAt} />
              <span className="wide-only"> · {text.common.by(operation.createdBy)}</span>
            </span>
          </div>
          {operation.failure !== null && <div className="operation-failure">{operation.failure.message}</div>}
        </li>
      ))}
    </ul>
  );
}

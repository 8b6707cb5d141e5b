import type { Operation, OperationFailure } from "@ebb/api";
import { Link } from "@tanstack/react-router";
import { useSpeech, useText } from "../i18n/language.tsx";
import { problemWords } from "../i18n/problem-words.ts";
import { AppLink } from "./app-link.tsx";
import { OperationStateLabel } from "./state.tsx";
import { Ago, Took } from "./time.tsx";
import { Words } from "./words.tsx";

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
          {operation.failure !== null && <FailureLine failure={operation.failure} />}
        </li>
      ))}
    </ul>
  );
}

/** Why, in a line: in other languages than the platform's own, with the words of the code in front. */
export function FailureLine({ failure: { code, message, said } }: { failure: OperationFailure }) {
  const { text, language } = useSpeech();
  // What is said by a code says more than the words of the failure's own.
  const words = language === "en" || said !== undefined ? undefined : problemWords(text, code);
  return (
    <div className="operation-failure">
      {words !== undefined && `${words}: `}
      <Words said={said && [said]} english={message} />
    </div>
  );
}

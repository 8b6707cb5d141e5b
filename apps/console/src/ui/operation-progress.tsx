import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { useOperation } from "../api/use-operation.ts";
import { useText } from "../i18n/language.tsx";
import { OperationPhases } from "./operation-phases.tsx";
import { OperationResult } from "./operation-result.tsx";
import { ProblemNote } from "./problem.tsx";

/** An operation as it happens, in the page that started it; its own page has the log. `onSucceeded` runs after everything was read again. */
export function OperationProgress({ id, onSucceeded }: { id: string; onSucceeded?: () => void }) {
  const text = useText();
  const queryClient = useQueryClient();
  const { operation, error } = useOperation(id);
  const state = operation?.state;
  const succeeded = useEffectEvent(() => onSucceeded?.());
  useEffect(() => {
    if (state === "succeeded") void queryClient.invalidateQueries().then(succeeded);
  }, [state, queryClient]);
  return (
    <div className="progress" aria-live="polite">
      {error !== null && <ProblemNote error={error} />}
      {operation !== null && <OperationPhases operation={operation} />}
      {operation !== null && <OperationResult operation={operation} />}
      <Link to="/operations/$id" params={{ id }}>
        {text.operation.seeDetails}
      </Link>
    </div>
  );
}

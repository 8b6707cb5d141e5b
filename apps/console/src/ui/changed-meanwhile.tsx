import type { ApiError } from "@ebb/api/client";
import { useQueryClient } from "@tanstack/react-query";
import Alert from "antd/es/alert";
import Button from "antd/es/button";
import { useEffect } from "react";
import { useFormat, useText } from "../i18n/language.tsx";
import { ChangeLines } from "./change-lines.tsx";
import { jsonChanges } from "./json-changes.ts";

export interface Conflict {
  /** What is edited, as it was when the edit began, and as it is now. */
  base: unknown;
  now: unknown;
  /** Forgets what was typed. */
  reload: () => void;
  /** Sends what was typed on what is there now. */
  overwrite: () => void;
  /** Nothing was typed: a click did it. */
  clicked?: boolean;
}

/** Somebody else was faster: who, what is different now, and what to do with what was typed, which is still there. */
export function ChangedMeanwhile({ error, conflict }: { error: ApiError; conflict: Conflict }) {
  const { problem } = useText();
  const format = useFormat();
  const queryClient = useQueryClient();
  useEffect(() => {
    void queryClient.invalidateQueries();
  }, [queryClient]);
  const { changed } = error.problem;
  const changes = jsonChanges(conflict.base, conflict.now);
  return (
    <Alert
      type="warning"
      showIcon
      title={problem.conflict.title}
      description={
        <>
          {changed && <p>{problem.conflict.by(changed.by, format.dateTime(changed.at), changed.what)}</p>}
          {conflict.clicked !== true && <p>{problem.conflict.kept}</p>}
          {changes.length === 0 ? <p>{problem.conflict.elsewhere}</p> : <ChangeLines label={problem.conflict.title} changes={changes} />}
          <div className="form-actions">
            <Button onClick={conflict.overwrite}>{conflict.clicked === true ? problem.conflict.act : problem.conflict.overwrite}</Button>
            <Button onClick={conflict.reload}>{conflict.clicked === true ? problem.conflict.leave : problem.conflict.reload}</Button>
          </div>
        </>
      }
    />
  );
}

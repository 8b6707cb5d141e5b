import type { Environment, OnRequest } from "@ebb/api";
import { useMutation } from "@tanstack/react-query";
import Button from "antd/es/button";
import { useState } from "react";
import { client } from "../../api/connection.ts";
import { useText } from "../../i18n/language.tsx";
import { Choice } from "../../ui/choice.tsx";
import { OperationProgress } from "../../ui/operation-progress.tsx";
import { Refused } from "../../ui/refused.tsx";

/** Puts the whole environment to sleep, or wakes it. */
export function SleepControls({ environment: { team, name, asleep, schedule } }: { environment: Environment }) {
  const text = useText();
  const [onRequest, setOnRequest] = useState<OnRequest>(schedule?.onRequest ?? "wake");
  const change = useMutation({
    mutationFn: () => (asleep === null ? client.sleepEnvironment(team, name, { onRequest }) : client.wakeEnvironment(team, name)),
  });
  return (
    <>
      <div className="form-actions">
        <Button loading={change.isPending} onClick={() => change.mutate()}>
          {asleep === null ? text.environments.sleepNow : text.environments.wakeNow}
        </Button>
        {asleep === null && <span aria-hidden="true">{text.environments.onRequest}</span>}
        {asleep === null && (
          <Choice
            label={text.environments.onRequest}
            value={onRequest}
            options={[
              ["wake", text.environments.onRequests.wake],
              ["refuse", text.environments.onRequests.refuse],
            ]}
            onChange={setOnRequest}
          />
        )}
      </div>
      <Refused of={change} />
      {change.isSuccess && <OperationProgress id={change.data.id} />}
    </>
  );
}

import { useMutation, useQueryClient } from "@tanstack/react-query";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useId, useState } from "react";
import { client } from "../api/connection.ts";
import { useText } from "../i18n/language.tsx";
import { Panel } from "./page.tsx";
import { ProblemNote } from "./problem.tsx";

/** Approves or rejects an operation that waits; who may is for the platform to say. */
export function ApprovalVote({ id }: { id: string }) {
  const text = useText();
  const field = useId();
  const queryClient = useQueryClient();
  const [why, setWhy] = useState("");
  const vote = useMutation({
    mutationFn: (approve: boolean) => (approve ? client.approveOperation(id, why) : client.rejectOperation(id, why)),
    onSuccess: () => queryClient.invalidateQueries(),
  });
  return (
    <Panel title={text.approval.title}>
      <p>{text.approval.text}</p>
      <div className="fields">
        <label htmlFor={field}>{text.approval.why}</label>
        <Input id={field} value={why} maxLength={1000} onChange={(event) => setWhy(event.target.value)} />
      </div>
      <div className="form-actions">
        <Button type="primary" disabled={vote.isPending} onClick={() => vote.mutate(true)}>
          {text.approval.approve}
        </Button>
        <Button danger disabled={vote.isPending} onClick={() => vote.mutate(false)}>
          {text.approval.reject}
        </Button>
        {vote.isSuccess && <span role="status">{text.approval.done}</span>}
      </div>
      {vote.isError && <ProblemNote error={vote.error} title={text.problem.refused} />}
    </Panel>
  );
}

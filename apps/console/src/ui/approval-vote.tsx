import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useId, useState } from "react";
import { client } from "../api/connection.ts";
import { approvalsQuery } from "../api/people-queries.ts";
import { useText } from "../i18n/language.tsx";
import { ApprovalDetails } from "./approval-details.tsx";
import { Loaded } from "./loaded.tsx";
import { Panel } from "./page.tsx";
import { Refused } from "./refused.tsx";

/** What waits for approval, with what it would change, and the vote; who may is for the platform to say. */
export function ApprovalVote({ id }: { id: string }) {
  const text = useText();
  const field = useId();
  const queryClient = useQueryClient();
  const query = useQuery(approvalsQuery(false));
  const [why, setWhy] = useState("");
  const vote = useMutation({
    mutationFn: (approve: boolean) => (approve ? client.approveOperation(id, why) : client.rejectOperation(id, why)),
    onSuccess: () => queryClient.invalidateQueries(),
  });
  return (
    <Panel title={text.approval.title}>
      <Loaded query={query} rows={3}>
        {(all) => {
          const approval = all.find(({ operation }) => operation === id);
          return approval && <ApprovalDetails approval={approval} />;
        }}
      </Loaded>
      <p>{text.approval.text}</p>
      <div className="fields">
        <label htmlFor={field}>{text.approval.why}</label>
        <Input id={field} value={why} maxLength={1000} onChange={(event) => setWhy(event.target.value)} />
      </div>
      <div className="form-actions">
        <Button type="primary" disabled={vote.isPending} onClick={() => vote.mutate(true)}>
          {text.approval.approve}
        </Button>
        <Button danger disabled={vote.isPending || why.trim() === ""} onClick={() => vote.mutate(false)}>
          {text.approval.reject}
        </Button>
        {vote.isSuccess && <span role="status">{text.approval.done}</span>}
      </div>
      <Refused of={vote} />
    </Panel>
  );
}

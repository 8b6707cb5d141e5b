import type { Approval } from "@ebb/api";
import { useFormat, useText } from "../i18n/language.tsx";
import { ChangeTable } from "./change-table.tsx";
import { Ago } from "./time.tsx";

/** What somebody is asked to approve: what it would change, who has voted and why, and until when. */
export function ApprovalDetails({ approval }: { approval: Approval }) {
  const text = useText();
  const format = useFormat();
  const { approvals } = text;
  const { votes, needed, changes, state } = approval;
  const given = votes.filter(({ vote }) => vote === "approve").length;
  return (
    <>
      <dl className="pairs">
        <dt>{approvals.asked}</dt>
        <dd>
          <Ago at={approval.createdAt} /> {text.common.by(approval.author)}
        </dd>
        {state === "waiting" && (
          <>
            <dt>{approvals.expires}</dt>
            <dd>{format.dateTime(approval.expiresAt)}</dd>
          </>
        )}
        <dt>{approvals.votes}</dt>
        <dd>
          {approvals.given(given, needed)}
          {votes.length === 0 && <span className="faint"> · {approvals.noVotes}</span>}
          {votes.length > 0 && (
            <ul>
              {votes.map((vote) => (
                <li key={vote.user}>
                  <b>{vote.user}</b>{" "}
                  <span className={vote.vote === "approve" ? "good" : "bad"}>
                    {vote.vote === "approve" ? approvals.approved : approvals.rejected}
                  </span>{" "}
                  <span className="faint">
                    <Ago at={vote.time} />
                  </span>
                  {vote.why !== "" && `: ${vote.why}`}
                </li>
              ))}
            </ul>
          )}
        </dd>
      </dl>
      <h3>{approvals.changes}</h3>
      {changes.length === 0 ? <p className="faint">{approvals.noChanges}</p> : <ChangeTable label={approvals.changes} changes={changes} />}
    </>
  );
}

import type { Domain } from "@ebb/api";
import Alert from "antd/es/alert";
import { useFormat, useText } from "../../../i18n/language.tsx";
import { CopyButton } from "../../../ui/copy.tsx";
import { DomainFacts } from "./domain-facts.tsx";
import { useNow } from "../../../ui/use-now.ts";

/** What a domain waits for, in words, with the record to copy as long as it is not proved. */
export function NextStep({ domain }: { domain: Domain }) {
  const text = useText();
  const format = useFormat();
  const now = useNow(20_000);
  const { problem, state, verification, pointTo } = domain;
  const waits = state !== "failed" && state !== "live";
  return (
    <>
      {problem !== null && (
        <Alert
          type={waits ? "info" : "error"}
          showIcon
          title={text.domains.problems[problem.code] ?? problem.message}
          description={
            <>
              {problem.code !== "not_verified" && <div>{problem.message}</div>}
              {problem.code === "not_reachable" && <div>{text.domains.point(pointTo)}</div>}
              {problem.retryAt !== null && <div className="faint">{text.domains.again(format.ago(problem.retryAt, now))}</div>}
            </>
          }
        />
      )}
      {verification.verifiedAt === null && <Record domain={domain} />}
    </>
  );
}

function Record({ domain: { verification, pointTo } }: { domain: Domain }) {
  const text = useText();
  const { type, name, value } = verification.record;
  const rows = [
    [text.domains.recordType, type],
    [text.domains.recordName, name],
    [text.domains.recordValue, value],
  ] as const;
  return (
    <div className="domain-record">
      <p>{text.domains.record}</p>
      <DomainFacts
        facts={rows.map(([what, content]) => [
          what,
          <>
            <code>{content}</code>
            <CopyButton value={content} what={what} />
          </>,
        ])}
      />
      {verification.http !== null && <p className="faint">{text.domains.orPoint(pointTo)}</p>}
    </div>
  );
}

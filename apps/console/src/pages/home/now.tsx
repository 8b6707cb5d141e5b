import type { Operation } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { nowQuery, statusQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/page.tsx";
import { OperationStateLabel } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { attentionOf } from "./attention.ts";
import { DiskInNeed } from "./disk-in-need.tsx";
import { DomainsInNeed } from "./domains-in-need.tsx";

const SHOWN = 5;

/** What runs, and what waits for somebody. */
export function Now() {
  const text = useText();
  const query = useQuery(nowQuery);
  const status = useQuery(statusQuery).data;
  const domains = status?.attention ?? [];
  const isDiskFine = status === undefined || status.disk.state === "ok";
  return (
    <Loaded query={query} rows={2}>
      {(operations) => {
        const { running, needed } = attentionOf(operations);
        return (
          <div className="panels now">
            <Panel title={text.now.needs}>
              {!isDiskFine && <DiskInNeed disk={status.disk} />}
              <DomainsInNeed domains={domains} />
              <Lines operations={needed} none={domains.length > 0 || !isDiskFine ? undefined : text.now.nothing} />
            </Panel>
            <Panel title={text.now.title}>
              <Lines operations={running} none={text.now.quiet} />
            </Panel>
          </div>
        );
      }}
    </Loaded>
  );
}

function Lines({ operations, none }: { operations: readonly Operation[]; none: string | undefined }) {
  const text = useText();
  if (operations.length === 0) return none === undefined ? null : <p className="faint">{none}</p>;
  return (
    <ul className="rows">
      {operations.slice(0, SHOWN).map((operation) => (
        <li key={operation.id}>
          <OperationStateLabel state={operation.state} />
          <Link to="/operations/$id" params={{ id: operation.id }}>
            {text.operation.title(
              text.operationKind[operation.kind],
              [operation.app, operation.environment, operation.version].filter(Boolean).join(" · "),
            )}
          </Link>
          <span className="faint">
            <Ago at={operation.createdAt} />
          </span>
        </li>
      ))}
      {operations.length > SHOWN && (
        <li>
          <Link to="/operations">{text.overview.allOperations}</Link>
        </li>
      )}
    </ul>
  );
}

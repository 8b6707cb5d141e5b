import type { Approval } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { approvalsQuery } from "../../api/people-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { ApprovalDetails } from "../../ui/approval-details.tsx";
import { Choice } from "../../ui/choice.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Blank, Page } from "../../ui/page.tsx";

const route = getRouteApi("/approvals");

/** What waits for people in one's teams, and what was decided. */
export function ApprovalsPage() {
  const text = useText();
  const { all = false } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(approvalsQuery(all));
  return (
    <Page
      title={text.approvals.title}
      actions={
        <Choice
          label={text.approvals.which}
          value={all ? "all" : "waiting"}
          options={[
            ["waiting", text.approvals.waiting],
            ["all", text.approvals.all],
          ]}
          onChange={(which) => void navigate({ search: which === "all" ? { all: true } : {}, replace: true })}
        />
      }
    >
      <Loaded query={query} rows={4}>
        {(approvals) =>
          approvals.length === 0 ? (
            <Blank>{text.approvals.none}</Blank>
          ) : (
            approvals.map((approval) => <One key={approval.operation} approval={approval} />)
          )
        }
      </Loaded>
    </Page>
  );
}

function One({ approval }: { approval: Approval }) {
  const text = useText();
  const { operation, kind, app, environment, team, state } = approval;
  const kinds: Readonly<Record<string, string>> = text.operationKind;
  return (
    <section className="panel" aria-label={operation}>
      <header>
        <h2>
          <Link to="/operations/$id" params={{ id: operation }}>
            {text.operation.title(kinds[kind] ?? kind, [app, environment].filter((name) => name !== "").join(" · ") || team)}
          </Link>
        </h2>
        <span>{text.approvals.states[state]}</span>
      </header>
      <ApprovalDetails approval={approval} />
    </section>
  );
}

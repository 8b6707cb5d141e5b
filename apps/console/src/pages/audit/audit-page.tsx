import type { AuditEntry, Operation } from "@ebb/api";
import { auditChanges } from "@ebb/api/client";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import Alert from "antd/es/alert";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { client } from "../../api/connection.ts";
import { auditQuery, type AuditFilter } from "../../api/people-queries.ts";
import { useFormat, useText } from "../../i18n/language.tsx";
import { actionWords } from "../../i18n/said.ts";
import { ChangeTable } from "../../ui/change-table.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Blank, Page } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { Ago } from "../../ui/time.tsx";
import { useFilter } from "../../ui/use-filter.ts";

const route = getRouteApi("/audit");

/** Who did what; the filter is in the address. */
export function AuditPage() {
  const text = useText();
  const filter = route.useSearch();
  const query = useInfiniteQuery(auditQuery(filter));
  return (
    <Page title={text.audit.title}>
      <p>{text.audit.intro}</p>
      <Filter filter={filter} />
      <Loaded query={query} rows={8}>
        {({ pages }) => <Entries entries={pages.flatMap(({ items }) => items)} />}
      </Loaded>
      {query.hasNextPage && (
        <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {text.operations.more}
        </Button>
      )}
    </Page>
  );
}

function Filter({ filter }: { filter: AuditFilter }) {
  const text = useText();
  const navigate = route.useNavigate();
  const { draft, type, settle } = useFilter(filter, (search) => navigate({ search }));
  return (
    <form
      className="toolbar"
      onSubmit={(event) => {
        event.preventDefault();
        settle(draft);
      }}
    >
      {(["actor", "action", "object"] as const).map((field) => (
        <Input
          key={field}
          className="find"
          aria-label={text.audit[field]}
          placeholder={text.audit[field]}
          value={draft[field] ?? ""}
          onChange={(event) => type({ [field]: event.target.value.trim() })}
        />
      ))}
      <Button htmlType="submit">{text.audit.filter}</Button>
      <Verify />
    </form>
  );
}

function Verify() {
  const text = useText();
  const format = useFormat();
  const verify = useMutation({ mutationFn: () => client.verifyAudit() });
  return (
    <div className="audit-verify" aria-live="polite">
      <Button loading={verify.isPending} onClick={() => verify.mutate()}>
        {text.audit.verify}
      </Button>
      {verify.isError && <ProblemNote error={verify.error} title={text.problem.refused} />}
      {verify.isSuccess &&
        (verify.data.breach === null ? (
          <Alert type="success" showIcon title={text.audit.whole(format.number(verify.data.rows))} />
        ) : (
          <Alert type="error" showIcon title={text.audit.breach(`${verify.data.breach.seq}`, verify.data.breach.message)} />
        ))}
    </div>
  );
}

function Entries({ entries }: { entries: readonly AuditEntry[] }) {
  const text = useText();
  if (entries.length === 0) return <Blank>{text.audit.empty}</Blank>;
  return (
    <ol className="panel operations audit">
      {entries.map((entry) => (
        <li key={entry.seq}>
          <div className="audit-row">
            <b>{entry.actor || /^user\/(.+)$/.exec(entry.object)?.[1] || "–"}</b>
            <span className="audit-what">
              <Action entry={entry} /> {!entry.action.endsWith(entry.object) && <code className="faint">{entry.object}</code>}{" "}
              <Changes entry={entry} />
            </span>
            <span className="faint number">
              <Ago at={entry.time} /> · {entry.address} · #{entry.seq}
            </span>
          </div>
        </li>
      ))}
    </ol>
  );
}

/** In words; what the filter takes is its code. */
function Action({ entry: { action, after } }: { entry: AuditEntry }) {
  const text = useText();
  const words = actionWords(text, action);
  if (words === undefined) return <code>{action}</code>;
  // An operation says which: that it was one says little.
  const kind = (after as { kind?: unknown } | null)?.kind;
  const which = typeof kind === "string" && Object.hasOwn(text.operationKind, kind) ? text.operationKind[kind as Operation["kind"]] : null;
  return <span title={action}>{action.startsWith("operation.") && which !== null ? text.operation.title(words, which) : words}</span>;
}

/** A setting a row, before and after. */
function Changes({ entry }: { entry: AuditEntry }) {
  const text = useText();
  const changes = auditChanges(entry);
  if (changes.length === 0) return null;
  return (
    <details>
      <summary className="faint">{text.audit.details}</summary>
      <ChangeTable label={text.audit.details} changes={changes} from={text.audit.before} to={text.audit.after} />
    </details>
  );
}

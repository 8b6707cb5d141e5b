import type { Operation } from "@ebb/api";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import Button from "antd/es/button";
import { client } from "../../api/connection.ts";
import { operationQuery } from "../../api/queries.ts";
import { useOperation } from "../../api/use-operation.ts";
import { useFormat, useText } from "../../i18n/language.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { AppLink } from "../../ui/app-link.tsx";
import { LineList } from "../../ui/line-list.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { OperationPhases } from "../../ui/operation-phases.tsx";
import { PagedOperations } from "../../ui/paged-operations.tsx";
import { OperationResult } from "../../ui/operation-result.tsx";
import { Blank, Page, Panel } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { OperationStateLabel } from "../../ui/state.tsx";
import { Ago, Took } from "../../ui/time.tsx";
import { ApprovalVote } from "../../ui/approval-vote.tsx";

const route = getRouteApi("/operations/$id");
const LOG_HEIGHT = 420;

/** One operation from its beginning, live while it runs. */
export function OperationPage() {
  const { id } = route.useParams();
  const query = useQuery(operationQuery(id));
  return (
    <Loaded query={query} rows={8} title={id}>
      {(known) => <OperationView key={id} known={known} />}
    </Loaded>
  );
}

function OperationView({ known }: { known: Operation }) {
  const text = useText();
  const format = useFormat();
  const feed = useOperation(known.id);
  const operation = feed.operation ?? known;
  const title = text.operation.title(text.operationKind[operation.kind], subjectOf(operation, text.nav.platform));
  return (
    <Page title={title} actions={operation.finishedAt === null && <CancelButton id={operation.id} />}>
      <p className="operation-facts">
        <OperationStateLabel state={operation.state} />
        <AppLink app={operation.app} env={operation.environment} />
        {operation.version !== null && <code>{operation.version}</code>}
        {operation.partOf !== null && (
          <Link to="/operations/$id" params={{ id: operation.partOf }}>
            {text.operation.partOf}
          </Link>
        )}
        <span className="faint">
          <Ago at={operation.createdAt} /> · {text.common.by(operation.createdBy)} ·{" "}
          {operation.finishedAt === null ? text.operations.since : text.operations.took}{" "}
          <Took from={operation.createdAt} to={operation.finishedAt} />
        </span>
      </p>
      {operation.state === "waiting" && <ApprovalVote id={operation.id} />}
      <OperationResult operation={operation} />
      {feed.error !== null && <ProblemNote error={feed.error} />}
      {operation.state !== "waiting" && (
        <Panel title={text.operation.phases}>
          <OperationPhases operation={operation} />
        </Panel>
      )}
      {operation.kind === "rollout" && (
        <Panel title={text.operation.parts}>
          <PagedOperations filter={{ partOf: operation.id }} otherwise={text.operation.noParts} />
        </Panel>
      )}
      {(feed.lines.length > 0 || (operation.finishedAt === null && writes(operation))) && (
        <Panel title={text.operation.log}>
          {feed.dropped > 0 && <p className="faint">{text.logs.dropped(format.number(feed.dropped))}</p>}
          {feed.lines.length > 0 ? (
            <LineList lines={feed.lines} wrap label={text.operation.log} height={LOG_HEIGHT} />
          ) : (
            <Blank>{text.logs.waiting}</Blank>
          )}
        </Panel>
      )}
    </Page>
  );
}

/** Whether lines of a log are to be expected: a rollout is only made of others. */
function writes({ kind, state }: Operation): boolean {
  return state !== "waiting" && kind !== "rollout";
}

/** An app, an environment, a team, or the whole platform. */
function subjectOf({ app, environment, team }: Operation, platform: string): string {
  return [app, environment].filter((name) => name !== "").join(" · ") || team || platform;
}

function CancelButton({ id }: { id: string }) {
  const text = useText();
  const cancel = useMutation({ mutationFn: () => client.cancelOperation(id) });
  return (
    <>
      {cancel.isError && <ProblemNote error={cancel.error} title={text.problem.refused} />}
      <Confirm
        title={text.operation.cancel}
        description={text.operation.cancelConfirm}
        okText={text.operation.cancel}
        onConfirm={() => cancel.mutate()}
      >
        <Button loading={cancel.isPending}>{text.operation.cancel}</Button>
      </Confirm>
    </>
  );
}

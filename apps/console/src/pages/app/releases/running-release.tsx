import type { Operation, Place, Release } from "@ebb/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import Button from "antd/es/button";
import { client } from "../../../api/connection.ts";
import { releaseMetricsQuery } from "../../../api/metrics-queries.ts";
import { usePlaceRights } from "../../../api/team-queries.ts";
import { useOperation } from "../../../api/use-operation.ts";
import { useFormat, useText } from "../../../i18n/language.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
import { ApprovalVote } from "../../../ui/approval-vote.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { Panel } from "../../../ui/page.tsx";
import { Refused } from "../../../ui/refused.tsx";
import { OperationStateLabel } from "../../../ui/state.tsx";
import { TakesRole } from "../../../ui/takes-role.tsx";
import { useNow } from "../../../ui/use-now.ts";
import { Words } from "../../../ui/words.tsx";
import { useChange } from "../use-change.ts";
import { GuardTable } from "./guard-table.tsx";
import { figuresOf, pauseOf } from "./guard-figures.ts";

/** A release under way, live: its steps, what guards it, and what can be said to it. */
export function RunningRelease({ place, release }: { place: Place; release: Release }) {
  const text = useText();
  const feed = useOperation(release.operation.id);
  const operation = feed.operation ?? release.operation;
  const { mayRelease, releaseRole } = usePlaceRights(place);
  const { version } = release;
  return (
    <Panel title={text.releases.running(version)} actions={<OperationStateLabel state={operation.state} />}>
      {operation.state === "waiting" && <ApprovalVote id={operation.id} />}
      <Steps release={release} />
      <Waiting release={release} operation={operation} />
      {release.since !== null && <Guarded place={place} release={release} since={release.since} />}
      {mayRelease ? <Controls place={place} release={release} operation={operation} /> : <TakesRole role={releaseRole} />}
      <p>
        <Link to="/operations/$id" params={{ id: operation.id }}>
          {text.operation.seeDetails}
        </Link>
      </p>
    </Panel>
  );
}

/** Each step is as wide as what it adds, so that the bar reads as the share of requests. */
function Steps({ release: { steps, step, version } }: { release: Release }) {
  const text = useText();
  return (
    <ol className="release-steps" aria-label={text.releases.steps}>
      {steps.map((percent, index) => {
        const state = step === null || index > step ? "later" : index === step ? "now" : "done";
        return (
          <li
            key={percent}
            className={`step-${state}`}
            style={{ flexGrow: percent - (steps[index - 1] ?? 0) }}
            aria-current={state === "now" && "step"}
          >
            <span className="number">{percent} %</span>
            <span className="unseen">{text.releases.stepStates[state](version)}</span>
          </li>
        );
      })}
    </ol>
  );
}

function Waiting({ release, operation }: { release: Release; operation: Operation }) {
  const text = useText();
  const format = useFormat();
  const now = useNow(1000);
  const pause = pauseOf(release, now);
  const phase = operation.phases.at(-1);
  return (
    <div className="release-wait">
      {pause && pause.left > 0 && (
        <p>
          {text.releases.nextIn(format.duration(Math.ceil(pause.left / 1000) * 1000))}
          <progress value={pause.share} max={1} aria-label={text.releases.pause} />
        </p>
      )}
      {release.step !== null && release.pauseSeconds === null && release.step < release.steps.length - 1 && (
        <p>{text.releases.waitsForYou}</p>
      )}
      {phase !== undefined && phase.message !== "" && (
        <p className="faint">
          {text.releases.judged}: <Words said={phase.said && [phase.said]} english={phase.message} />
        </p>
      )}
    </div>
  );
}

function Guarded({ place, release, since }: { place: Place; release: Release; since: string }) {
  const query = useQuery(releaseMetricsQuery(place, since));
  return (
    <Loaded query={query} rows={3}>
      {(metrics) => <GuardTable guard={release.guard} figures={figuresOf(metrics, release.version)} recorded={metrics.recorded} />}
    </Loaded>
  );
}

function Controls({ place, release, operation }: { place: Place; release: Release; operation: Operation }) {
  const text = useText();
  const queryClient = useQueryClient();
  const onSuccess = () => queryClient.invalidateQueries();
  // Two who press at once go one step, not two.
  const go = useChange({ place, send: (_, on) => client.continueRelease(place, on), onSuccess });
  const abort = useChange({ place, send: (_, on) => client.abortRelease(place, on), onSuccess });
  const { steps, step, version } = release;
  const next = step === null ? undefined : steps[step + 1];
  return (
    <div className="form-actions">
      {operation.state === "running" && next !== undefined && (
        <Button type="primary" loading={go.change.isPending} onClick={() => go.submit(null)}>
          {text.releases.continue(next)}
        </Button>
      )}
      <Confirm
        title={text.releases.abort}
        description={text.releases.abortText(version)}
        okText={text.releases.abort}
        onConfirm={() => abort.submit(null)}
      >
        <Button danger loading={abort.change.isPending}>
          {text.releases.abort}
        </Button>
      </Confirm>
      <Refused of={go.change} conflict={go.conflict} />
      <Refused of={abort.change} conflict={abort.conflict} />
    </div>
  );
}

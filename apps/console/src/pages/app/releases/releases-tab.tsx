import type { Place, Release, Version } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { releasesQuery, versionsQuery } from "../../../api/queries.ts";
import { usePlaceRights } from "../../../api/team-queries.ts";
import { useText } from "../../../i18n/language.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { Blank, Panel } from "../../../ui/page.tsx";
import { OperationFailureNote } from "../../../ui/operation-failure.tsx";
import { FailureLine } from "../../../ui/operation-list.tsx";
import { OperationStateLabel } from "../../../ui/state.tsx";
import { TakesRole } from "../../../ui/takes-role.tsx";
import { Ago, Took } from "../../../ui/time.tsx";
import { VersionMark } from "../../../ui/version-mark.tsx";
import { RollBack } from "../roll-back.tsx";
import { usePlace } from "../use-place.ts";
import { MirrorReport } from "./mirror-report.tsx";
import { ReleaseForm } from "./release-form.tsx";
import { RunningRelease } from "./running-release.tsx";

/** Moving the traffic to a version step by step: the one that runs, a new one, those that were. */
export function ReleasesTab() {
  const text = useText();
  const place = usePlace();
  const releases = useQuery(releasesQuery(place));
  const versions = useQuery(versionsQuery(place));
  return (
    <>
      <title>{`${text.app.releases} · ${place.app} · Ebb`}</title>
      <Loaded query={releases} rows={6}>
        {(all) => {
          const running = all.find(({ operation }) => operation.finishedAt === null);
          return (
            <>
              {running ? (
                <RunningRelease key={running.operation.id} place={place} release={running} />
              ) : (
                <>
                  <TakenBack newest={all[0]} />
                  <Begin place={place} versions={versions.data ?? []} />
                </>
              )}
              <MirrorReport place={place} versions={versions.data ?? []} />
              <Panel title={text.releases.history}>
                <History releases={all.filter(({ operation }) => operation.finishedAt !== null)} />
              </Panel>
            </>
          );
        }}
      </Loaded>
    </>
  );
}

/** The newest one, where it failed: whoever comes to see how it went is told why, not only in the list below. */
function TakenBack({ newest }: { newest: Release | undefined }) {
  const failure = newest?.operation.failure;
  if (newest === undefined || failure === null || failure === undefined) return null;
  return <OperationFailureNote operation={newest.operation} failure={failure} />;
}

function Begin({ place, versions }: { place: Place; versions: readonly Version[] }) {
  const text = useText();
  const able = versions.filter(({ state, percent }) => percent < 100 && (state === "ready" || state === "asleep"));
  const { mayRelease, releaseRole } = usePlaceRights(place);
  const serves = versions.some(({ percent }) => percent > 0);
  return (
    <Panel title={text.releases.begin} actions={<RollBack place={place} versions={versions} />}>
      {!mayRelease ? (
        <TakesRole role={releaseRole} />
      ) : serves && able.length > 0 ? (
        <ReleaseForm place={place} versions={able} />
      ) : (
        <Blank>{text.releases.nothing}</Blank>
      )}
    </Panel>
  );
}

function History({ releases }: { releases: readonly Release[] }) {
  const text = useText();
  if (releases.length === 0) return <Blank>{text.releases.none}</Blank>;
  return (
    <ul className="rows">
      {releases.map(({ operation, version, steps, step }) => (
        <li key={operation.id}>
          <OperationStateLabel state={operation.state} />
          <VersionMark version={version} />
          <span className="number">{steps.map((percent) => `${percent} %`).join(" → ")}</span>
          {operation.state !== "succeeded" && step !== null && <span className="warn">{text.releases.cameTo(steps[step] ?? 0)}</span>}
          <Link to="/operations/$id" params={{ id: operation.id }}>
            {text.operation.seeDetails}
          </Link>
          <span className="faint">
            <Ago at={operation.createdAt} /> · {text.common.by(operation.createdBy)} · {text.operations.took}{" "}
            <Took from={operation.createdAt} to={operation.finishedAt} />
          </span>
          {operation.failure !== null && <FailureLine failure={operation.failure} />}
        </li>
      ))}
    </ul>
  );
}

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import Alert from "antd/es/alert";
import { placeQuery, releasesQuery, versionsQuery } from "../../../api/queries.ts";
import { usePlaceRights } from "../../../api/team-queries.ts";
import { useText } from "../../../i18n/language.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { Panel } from "../../../ui/page.tsx";
import { TakesRole } from "../../../ui/takes-role.tsx";
import { RollBack } from "../roll-back.tsx";
import { usePlace } from "../use-place.ts";
import { ExplainForm } from "./explain-form.tsx";
import { TrafficForm } from "./traffic-form.tsx";
import { TrafficShown } from "./traffic-shown.tsx";

/** Which version answers whom: as it is, as one would have it, and why for one request. */
export function TrafficTab() {
  const text = useText();
  const place = usePlace();
  const versions = useQuery(versionsQuery(place));
  const here = useQuery(placeQuery(place));
  const releases = useQuery(releasesQuery(place));
  const { mayRelease, releaseRole } = usePlaceRights(place);
  const running = releases.data?.find(({ operation }) => operation.finishedAt === null);
  return (
    <>
      <title>{`${text.app.traffic} · ${place.app} · Ebb`}</title>
      {running && (
        <Alert
          type="info"
          showIcon
          className="notice"
          title={text.traffic.releaseRuns(running.version)}
          action={
            <Link to="/apps/$app/$env/releases" params={place}>
              {text.app.releases}
            </Link>
          }
        />
      )}
      <Panel title={text.traffic.title} actions={<RollBack place={place} versions={versions.data ?? []} />}>
        <Loaded query={here}>
          {(now) => (
            <>
              {!mayRelease && <TakesRole role={releaseRole} />}
              {(!mayRelease || running) && <TrafficShown now={now} />}
              {mayRelease && (
                // While a release runs it is out of sight, and keeps what somebody has set in it.
                <div hidden={running !== undefined}>
                  <Loaded query={versions}>
                    {(all) => <TrafficForm key={`${place.app} ${place.env}`} place={place} versions={all} now={now} />}
                  </Loaded>
                </div>
              )}
            </>
          )}
        </Loaded>
      </Panel>
      <Panel title={text.explain.title}>
        <ExplainForm key={`${place.app} ${place.env}`} place={place} />
      </Panel>
    </>
  );
}

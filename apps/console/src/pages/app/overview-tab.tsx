import type { Instance, Place, Version } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { instancesQuery, latestOperationsQuery, placeQuery, versionsQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Address } from "../../ui/copy.tsx";
import { firstLine } from "../../ui/first-line.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { OperationFailureNote } from "../../ui/operation-failure.tsx";
import { OperationList } from "../../ui/operation-list.tsx";
import { Blank, Panel } from "../../ui/page.tsx";
import { Dot, VersionStateLabel } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { TrafficBar } from "../../ui/traffic-bar.tsx";
import { versionColour } from "../../ui/version.ts";
import { MetricsPanel } from "./metrics/metrics-panel.tsx";
import { Restart } from "./restart.tsx";
import { RollBack } from "./roll-back.tsx";
import { usePlace } from "./use-place.ts";

export function OverviewTab() {
  const text = useText();
  const place = usePlace();
  const { app } = place;
  const versions = useQuery(versionsQuery(place));
  const instances = useQuery(instancesQuery(place));
  const operations = useQuery(latestOperationsQuery(place));
  const failed = useQuery(placeQuery(place)).data?.state === "failed";
  const served = versions.data?.some(({ percent }) => percent > 0) ?? false;
  // Why it is not there at all: whoever comes to look should not have to find the operation first.
  const why = failed ? operations.data?.find(({ failure }) => failure !== null) : undefined;
  return (
    <>
      <title>{`${text.app.overview} · ${app} · Ebb`}</title>
      {why?.failure && <OperationFailureNote operation={why} failure={why.failure} />}
      <Panel title={text.overview.split} actions={<RollBack place={place} versions={versions.data ?? []} />}>
        <Loaded query={versions} rows={2}>
          {(items) => <Split versions={items.filter((version) => version.percent > 0)} />}
        </Loaded>
      </Panel>
      <MetricsPanel place={place} />
      <Panel title={text.overview.instances} actions={served && <Restart place={place} />}>
        <Loaded query={instances} rows={2}>
          {(items) => <Instances place={place} instances={items} failed={failed} />}
        </Loaded>
      </Panel>
      <Panel
        title={text.overview.latestOperations}
        actions={
          <Link to="/apps/$app/$env/operations" params={place}>
            {text.overview.allOperations}
          </Link>
        }
      >
        <Loaded query={operations} rows={3}>
          {(items) =>
            items.length === 0 ? <Blank>{text.overview.noOperations}</Blank> : <OperationList operations={items} withApp={false} />
          }
        </Loaded>
      </Panel>
    </>
  );
}

function Split({ versions }: { versions: readonly Version[] }) {
  const text = useText();
  if (versions.length === 0) return <Blank>{text.overview.splitNone}</Blank>;
  return (
    <>
      <TrafficBar targets={versions.map((version) => ({ version: version.name, percent: version.percent }))} />
      <ul className="rows">
        {versions.map((version) => (
          <li key={version.name} className="split-row">
            <i className="swatch" style={{ background: versionColour(version.name) }} aria-hidden="true" />
            <b>{version.name}</b>
            <span className="number percent">{version.percent} %</span>
            <VersionStateLabel state={version.state} title={version.message} />
            <span className="faint">{version.instances === 0 ? "" : text.overview.running(version.instances)}</span>
            {version.previewUrl !== null && <Address url={version.previewUrl} />}
          </li>
        ))}
      </ul>
    </>
  );
}

/** What an instance's dot says; the words beside it are the cluster's own. */
function instanceState({ phase, ready }: Instance): "ready" | "starting" | "failed" {
  if (ready) return "ready";
  return /fail|error|crash|backoff|killed/i.test(phase) ? "failed" : "starting";
}

function Instances({ place, instances: all, failed }: { place: Place; instances: readonly Instance[]; failed: boolean }) {
  const text = useText();
  // Those that have ended well are there for their logs only.
  const instances = all.filter((instance) => instance.phase !== "Succeeded");
  if (instances.length === 0) return <Blank>{failed ? text.overview.noneStarts : text.overview.noInstances}</Blank>;
  return (
    <ul className="rows">
      {instances.map((instance) => (
        <li key={instance.id} className="instance-row">
          <Dot state={instanceState(instance)} />
          <Link to="/apps/$app/$env/logs" params={place} search={{ instance: instance.id }}>
            <code>{instance.id}</code>
          </Link>
          <b>{instance.version}</b>
          <span>{text.instancePhase[instance.phase] ?? instance.phase}</span>
          <span className={instance.restarts > 0 ? "warn" : "faint"}>{text.overview.restarts(instance.restarts)}</span>
          {instance.startedAt !== null && (
            <span className="faint">
              {text.overview.since} <Ago at={instance.startedAt} />
            </span>
          )}
          {instance.message !== "" && (
            <span className="faint" title={instance.message}>
              {firstLine(instance.message)}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

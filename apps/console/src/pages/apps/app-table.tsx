import type { App, AppEnvironment } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ratesQuery } from "../../api/metrics-queries.ts";
import { useFormat, useText } from "../../i18n/language.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { AppStateLabel } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { TrafficText } from "../../ui/traffic-bar.tsx";
import { ALL_DRAWN } from "../../ui/use-window-rows.ts";
import { environmentsOf } from "./columns.ts";

const TWO_LINES = 61;

/** A row an app, a column an environment: what serves where, and how it is. */
export function AppTable({ apps }: { apps: readonly App[] }) {
  const text = useText();
  const severalTeams = new Set(apps.map(({ team }) => team)).size > 1;
  const columns: Column<App>[] = [
    {
      key: "name",
      title: text.apps.name,
      compare: (a, b) => a.name.localeCompare(b.name),
      render: (app) => (
        <div className="app-name">
          <Link to="/apps/$app" params={{ app: app.name }} className="strong clipped" title={app.name}>
            {app.name}
          </Link>
          {severalTeams && <span className="faint clipped">{app.team}</span>}
        </div>
      ),
    },
    ...environmentsOf(apps).map((env): Column<App> => ({
      key: `env ${env}`,
      title: env,
      compare: (a, b) => stateIn(a, env).localeCompare(stateIn(b, env)),
      render: (app) => {
        const place = placeIn(app, env);
        return place ? <PlaceCell place={place} /> : <span className="faint">–</span>;
      },
    })),
  ];
  return (
    <DataTable
      label={text.apps.title}
      rows={apps}
      columns={columns}
      keyOf={(app) => app.name}
      sortedBy="name"
      steady={apps.length > ALL_DRAWN}
      rowHeight={TWO_LINES}
    />
  );
}

function placeIn(app: App, env: string): AppEnvironment | undefined {
  return app.environments.find(({ environment }) => environment === env);
}

function stateIn(app: App, env: string): string {
  return placeIn(app, env)?.state ?? "";
}

/** Requests per second, while there are any. */
function RateText({ place }: { place: AppEnvironment }) {
  const text = useText();
  const format = useFormat();
  const rate = useQuery({
    ...ratesQuery,
    select: ({ items }) => items.find(({ app, environment }) => app === place.app && environment === place.environment),
  }).data;
  if (rate === undefined) return null;
  return (
    <>
      <span className="number">{text.rates.perSecond(format.decimal(rate.requestsPerSecond))}</span>
      {rate.errorsPerSecond > 0 && <span className="number bad-text"> {text.rates.failing(format.decimal(rate.errorsPerSecond))}</span>}
      {" · "}
    </>
  );
}

export function PlaceCell({ place }: { place: AppEnvironment }) {
  const text = useText();
  const { app, environment, state, message, instances } = place;
  return (
    <div className="place">
      <div className="between">
        <span className="place-state">
          <Link to="/apps/$app/$env" params={{ app, env: environment }}>
            <span className="unseen">{`${app} ${environment}: `}</span>
            <AppStateLabel state={state} title={state === "failed" ? message : text.appStateHelp[state]} />
          </Link>
          {place.url !== "" && (
            <a href={place.url} target="_blank" rel="noreferrer" title={place.url} aria-label={`${text.common.open}: ${place.url}`}>
              ↗
            </a>
          )}
        </span>
        <TrafficText targets={place.traffic} />
      </div>
      <div className="faint place-facts">
        <span>
          <RateText place={place} />
          {instances > 0 && `${text.overview.running(instances)} · `}
          <Ago at={place.updatedAt} short />
        </span>
      </div>
    </div>
  );
}

import type { App } from "@ebb/api";
import { Link } from "@tanstack/react-router";
import { useText } from "../../i18n/language.tsx";
import { Address } from "../../ui/copy.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { AppStateLabel } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { TrafficText } from "../../ui/traffic-bar.tsx";

export function AppTable({ apps }: { apps: readonly App[] }) {
  const text = useText();
  const columns: Column<App>[] = [
    {
      key: "name",
      title: text.apps.name,
      compare: (a, b) => a.name.localeCompare(b.name),
      render: (app) => (
        <Link to="/apps/$app" params={{ app: app.name }} className="strong clipped" title={app.name}>
          {app.name}
        </Link>
      ),
    },
    {
      key: "state",
      title: text.common.state,
      compare: (a, b) => a.state.localeCompare(b.state),
      render: (app) => <AppStateLabel state={app.state} title={app.state === "failed" ? app.message : text.appStateHelp[app.state]} />,
    },
    { key: "url", title: text.apps.url, render: (app) => <Address url={app.url} /> },
    { key: "serving", title: text.apps.serving, render: (app) => <TrafficText targets={app.traffic} /> },
    {
      key: "instances",
      title: text.apps.instances,
      align: "right",
      compare: (a, b) => a.instances - b.instances,
      render: (app) => <span className="number">{app.instances}</span>,
    },
    {
      key: "updated",
      title: text.common.updated,
      compare: (a, b) => a.updatedAt.localeCompare(b.updatedAt),
      render: (app) => <Ago at={app.updatedAt} />,
    },
  ];
  return <DataTable label={text.apps.title} rows={apps} columns={columns} keyOf={(app) => app.name} sortedBy="name" />;
}

import type { App } from "@ebb/api";
import { Link } from "@tanstack/react-router";
import Table from "antd/es/table";
import type { ColumnsType } from "antd/es/table";
import { useText } from "../../i18n/language.tsx";
import { Address } from "../../ui/copy.tsx";
import { AppStateLabel } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { TrafficText } from "../../ui/traffic-bar.tsx";

/** More rows than this on one page and finding is done by searching anyway. */
const PAGE = 50;

export function AppTable({ apps }: { apps: readonly App[] }) {
  const text = useText();
  const columns: ColumnsType<App> = [
    {
      title: text.apps.name,
      dataIndex: "name",
      sorter: (a, b) => a.name.localeCompare(b.name),
      defaultSortOrder: "ascend",
      render: (_, app) => (
        <Link to="/apps/$app" params={{ app: app.name }} className="strong clipped" title={app.name}>
          {app.name}
        </Link>
      ),
    },
    {
      title: text.common.state,
      dataIndex: "state",
      sorter: (a, b) => a.state.localeCompare(b.state),
      render: (_, app) => <AppStateLabel state={app.state} title={app.state === "failed" ? app.message : text.appStateHelp[app.state]} />,
    },
    { title: text.apps.url, dataIndex: "url", render: (_, app) => <Address url={app.url} /> },
    { title: text.apps.serving, key: "serving", render: (_, app) => <TrafficText targets={app.traffic} /> },
    {
      title: text.apps.instances,
      dataIndex: "instances",
      align: "right",
      sorter: (a, b) => a.instances - b.instances,
      render: (count: number) => <span className="number">{count}</span>,
    },
    {
      title: text.common.updated,
      dataIndex: "updatedAt",
      sorter: (a, b) => a.updatedAt.localeCompare(b.updatedAt),
      render: (at: string) => <Ago at={at} />,
    },
  ];
  return (
    <Table<App>
      rowKey="name"
      size="middle"
      columns={columns}
      dataSource={apps}
      showSorterTooltip={false}
      scroll={{ x: "max-content" }}
      pagination={{ pageSize: PAGE, hideOnSinglePage: true, showSizeChanger: false }}
    />
  );
}

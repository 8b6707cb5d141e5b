import type { Version } from "@ebb/api";
import { useMutation, useQuery } from "@tanstack/react-query";
import Button from "antd/es/button";
import Popconfirm from "antd/es/popconfirm";
import Table from "antd/es/table";
import type { ColumnsType } from "antd/es/table";
import { client } from "../../api/connection.ts";
import { versionsQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Address } from "../../ui/copy.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { OperationProgress } from "../../ui/operation-progress.tsx";
import { Blank } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { VersionStateLabel } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { byNewest, versionColour } from "../../ui/version.ts";
import { changesOf, splitOf } from "./traffic-draft.ts";
import { useAppName } from "./use-app-name.ts";

const PAGE = 50;

export function VersionsTab() {
  const text = useText();
  const app = useAppName();
  const query = useQuery(versionsQuery(app));
  const sendAll = useMutation({
    mutationFn: (version: string) => client.setTraffic(app, { targets: [{ version, percent: 100 }] }),
  });
  return (
    <>
      <title>{`${text.app.versions} · ${app} · Ebb`}</title>
      {sendAll.isError && <ProblemNote error={sendAll.error} title={text.problem.refused} />}
      {sendAll.isSuccess && <OperationProgress id={sendAll.data.id} />}
      <Loaded query={query} rows={6}>
        {(versions) =>
          versions.length === 0 ? (
            <Blank>{text.versions.empty}</Blank>
          ) : (
            <VersionTable versions={versions} busy={sendAll.isPending} sendAll={(version) => sendAll.mutate(version)} />
          )
        }
      </Loaded>
    </>
  );
}

interface VersionTableProps {
  versions: readonly Version[];
  busy: boolean;
  sendAll: (version: string) => void;
}

function VersionTable({ versions, busy, sendAll }: VersionTableProps) {
  const text = useText();
  const columns: ColumnsType<Version> = [
    {
      title: text.common.version,
      dataIndex: "name",
      render: (name: string) => (
        <span className="version">
          <i className="swatch" style={{ background: versionColour(name) }} aria-hidden="true" />
          <b>{name}</b>
        </span>
      ),
    },
    {
      title: text.common.state,
      dataIndex: "state",
      render: (_, version) => (
        <>
          <VersionStateLabel state={version.state} title={version.message} />
          {version.state === "failed" && <div className="operation-failure">{version.message}</div>}
        </>
      ),
    },
    {
      title: text.versions.traffic,
      dataIndex: "percent",
      align: "right",
      render: (percent: number) => <span className={percent > 0 ? "number strong" : "number faint"}>{percent} %</span>,
    },
    {
      title: text.versions.preview,
      dataIndex: "previewUrl",
      render: (url: string | null) => url !== null && <Address url={url} label={text.common.open} />,
    },
    {
      title: text.common.created,
      dataIndex: "createdAt",
      render: (_, version) => (
        <>
          <Ago at={version.createdAt} /> <span className="faint">{text.common.by(version.createdBy)}</span>
        </>
      ),
    },
    {
      title: text.versions.image,
      dataIndex: "image",
      render: (_, version) => (
        <div className="image" title={version.image}>
          <span>{version.detectedFrom}</span> <code className="faint">{shortImage(version.image)}</code>
        </div>
      ),
    },
    {
      key: "actions",
      title: <span className="unseen">{text.versions.sendAll}</span>,
      align: "right",
      fixed: "end",
      render: (_, version) => <SendAllButton version={version} versions={versions} busy={busy} sendAll={sendAll} />,
    },
  ];
  return (
    <Table<Version>
      rowKey="name"
      size="middle"
      columns={columns}
      dataSource={versions}
      scroll={{ x: "max-content" }}
      pagination={{ pageSize: PAGE, hideOnSinglePage: true, showSizeChanger: false }}
    />
  );
}

function SendAllButton({ version, versions, busy, sendAll }: VersionTableProps & { version: Version }) {
  const text = useText();
  const able = version.percent < 100 && (version.state === "ready" || version.state === "asleep");
  if (!able) return null;
  const older = versions.some((other) => other.percent > 0 && byNewest(other.name, version.name) < 0);
  const changes = changesOf(splitOf(versions), { [version.name]: 100 });
  return (
    <Popconfirm
      title={text.versions.confirm(version.name)}
      description={text.versions.confirmText(changes.map(({ version, from, to }) => text.traffic.change(version, from, to)).join(", "))}
      okText={text.traffic.apply}
      cancelText={text.common.cancel}
      onConfirm={() => sendAll(version.name)}
    >
      <Button size="small" disabled={busy}>
        {older ? text.versions.rollBack(version.name) : text.versions.sendAll}
      </Button>
    </Popconfirm>
  );
}

/** A digest is told by its first characters; the whole of it is in the title. */
function shortImage(image: string): string {
  return image.replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, "@$1…");
}

import type { Version } from "@ebb/api";
import Table from "antd/es/table";
import type { ColumnsType } from "antd/es/table";
import { useText } from "../../i18n/language.tsx";
import { Address } from "../../ui/copy.tsx";
import { VersionStateLabel } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { versionColour } from "../../ui/version.ts";
import { SendAllButton, type VersionListProps } from "./send-all-button.tsx";

const PAGE = 50;

export function VersionTable({ versions, busy, sendAll }: VersionListProps) {
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

/** `name@digest`, the digest told by its first characters; the whole reference is in the title. */
function shortImage(image: string): string {
  const name = image.slice(image.lastIndexOf("/") + 1);
  return name.replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, "@$1");
}

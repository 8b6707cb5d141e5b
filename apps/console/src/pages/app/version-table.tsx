import type { Version } from "@ebb/api";
import { Link } from "@tanstack/react-router";
import { useText } from "../../i18n/language.tsx";
import { Address } from "../../ui/copy.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { firstLine } from "../../ui/first-line.ts";
import { VersionStateLabel } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { VersionMark } from "../../ui/version-mark.tsx";
import { SendAllButton, type VersionListProps } from "./send-all-button.tsx";

export function VersionTable({ versions, busy, sendAll }: VersionListProps) {
  const text = useText();
  const columns: Column<Version>[] = [
    {
      key: "name",
      title: text.common.version,
      render: (version) => (
        <Link to="/apps/$app/$env/versions/$version" params={{ app: version.app, env: version.environment, version: version.name }}>
          <VersionMark version={version.name} />
        </Link>
      ),
    },
    {
      key: "state",
      title: text.common.state,
      render: (version) => (
        <>
          <VersionStateLabel state={version.state} title={version.message} />
          {version.state === "failed" && <div className="operation-failure">{firstLine(version.message)}</div>}
        </>
      ),
    },
    {
      key: "traffic",
      title: text.versions.traffic,
      align: "right",
      render: (version) => <span className={version.percent > 0 ? "number strong" : "number faint"}>{version.percent} %</span>,
    },
    {
      key: "preview",
      title: text.versions.preview,
      render: (version) => version.previewUrl !== null && <Address url={version.previewUrl} label={text.common.open} />,
    },
    {
      key: "created",
      title: text.common.created,
      render: (version) => (
        <span className="nowrap">
          <Ago at={version.createdAt} /> <span className="faint">{text.common.by(version.createdBy)}</span>
        </span>
      ),
    },
    {
      key: "image",
      title: text.versions.image,
      render: (version) => (
        <div className="image" title={version.image}>
          <span>{version.detectedFrom}</span> <code className="faint">{shortImage(version.image)}</code>
        </div>
      ),
    },
    {
      key: "actions",
      title: text.versions.sendAll,
      titleUnseen: true,
      align: "right",
      render: (version) => <SendAllButton version={version} versions={versions} busy={busy} sendAll={sendAll} />,
    },
  ];
  return <DataTable label={text.app.versions} rows={versions} columns={columns} keyOf={(version) => version.name} />;
}

/** `name@digest`, the digest told by its first characters; the whole reference is in the title. */
function shortImage(image: string): string {
  const name = image.slice(image.lastIndexOf("/") + 1);
  return name.replace(/@sha256:([0-9a-f]{12})[0-9a-f]*$/, "@$1");
}

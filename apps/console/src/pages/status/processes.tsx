import type { PlatformProcess } from "@ebb/api";
import { useText } from "../../i18n/language.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { Panel } from "../../ui/page.tsx";
import { ToneDot } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";

/** The processes that work on one database, whichever of them has answered: each does what operations it claims, none leads. */
export function Processes({ platforms }: { platforms: readonly PlatformProcess[] }) {
  const text = useText();
  const words = text.platforms;
  const columns: Column<PlatformProcess>[] = [
    {
      key: "host",
      title: words.host,
      render: ({ host, answering }) => (
        <span className="state">
          <ToneDot tone="good" />
          {host} {answering && <span className="faint">{words.answering}</span>}
        </span>
      ),
    },
    { key: "address", title: text.status.address, render: ({ address }) => <code>{address}</code> },
    { key: "version", title: text.status.version, render: ({ version }) => version },
    { key: "started", title: text.status.started, render: ({ startedAt }) => <Ago at={startedAt} /> },
    { key: "seen", title: words.seen, render: ({ seenAt }) => <Ago at={seenAt} /> },
    {
      key: "operations",
      title: words.operations,
      align: "right",
      render: ({ operations }) => <span className="number">{operations}</span>,
    },
  ];
  return (
    <Panel title={words.title} className="whole">
      <p className="faint">{platforms.length === 1 ? words.alone : words.several(platforms.length)}</p>
      <DataTable label={words.title} rows={platforms} columns={columns} keyOf={({ host, address }) => `${host} ${address}`} />
    </Panel>
  );
}

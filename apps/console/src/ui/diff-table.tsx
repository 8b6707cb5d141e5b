import type { VersionDiff } from "@ebb/api";
import { useText } from "../i18n/language.tsx";
import { DataTable, type Column } from "./data-table.tsx";

type Change = VersionDiff["changes"][number];

/** What differs between two versions, a row a setting; secrets by their names only. */
export function DiffTable({ diff }: { diff: VersionDiff }) {
  const text = useText();
  const at = ({ environment, version }: VersionDiff["from"]) => `${environment} ${version}`;
  const value = (words: string | null) => (words === null ? <span className="faint">{text.promote.absent}</span> : <code>{words}</code>);
  const columns: Column<Change>[] = [
    { key: "path", title: text.promote.setting, render: ({ path }) => <code className="strong">{path}</code> },
    { key: "from", title: at(diff.from), render: ({ from }) => <div className="prose">{value(from)}</div> },
    { key: "to", title: at(diff.to), render: ({ to }) => <div className="prose">{value(to)}</div> },
  ];
  return (
    <>
      <p>{diff.sameArtifact ? text.promote.same : text.promote.other}</p>
      {diff.changes.length === 0 ? (
        <p className="faint">{text.promote.noChanges}</p>
      ) : (
        <DataTable
          label={text.promote.changes(at(diff.from), at(diff.to))}
          rows={diff.changes}
          columns={columns}
          keyOf={({ path }) => path}
        />
      )}
    </>
  );
}

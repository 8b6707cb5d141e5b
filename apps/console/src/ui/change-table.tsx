import { useText } from "../i18n/language.tsx";
import { ChangeLines, SettingValue, type Change } from "./change-lines.tsx";
import { DataTable, type Column } from "./data-table.tsx";
import { useNarrow } from "./use-narrow.ts";

interface ChangeTableProps {
  label: string;
  changes: readonly Change[];
  /** Titles of what there was and what there will be; now and afterwards when absent. */
  from?: string;
  to?: string;
}

/** What differs, a row a setting; secrets by their names only. On a phone as lines: the last column would be out of view. */
export function ChangeTable({ label, changes, from, to }: ChangeTableProps) {
  const text = useText();
  const narrow = useNarrow();
  if (narrow) return <ChangeLines label={label} changes={changes} />;
  const value = (words: string | null) => (
    <div className="prose">
      <SettingValue words={words} />
    </div>
  );
  const columns: Column<Change>[] = [
    { key: "path", title: text.promote.setting, render: ({ path }) => <code className="strong">{path}</code> },
    { key: "from", title: from ?? text.approvals.now, render: (change) => value(change.from) },
    { key: "to", title: to ?? text.approvals.after, render: (change) => value(change.to) },
  ];
  return <DataTable label={label} rows={changes} columns={columns} keyOf={({ path }) => path} />;
}

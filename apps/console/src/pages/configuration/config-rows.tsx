import type { ConfigurationLayer } from "@ebb/api";
import type { ClipboardEvent } from "react";
import { Blank } from "../../ui/page.tsx";
import { AddedRow } from "./added-row.tsx";
import {
  mistakeOf,
  parseAssignments,
  withAssignments,
  withEdit,
  type AddedItem,
  type ConfigDraft,
  type ConfigItem,
} from "./config-draft.ts";
import { ConfigRow } from "./config-row.tsx";

interface ConfigRowsProps {
  own: ConfigurationLayer;
  items: readonly ConfigItem[];
  empty: string;
  readOnly: boolean;
  draft: ConfigDraft;
  onDraft: (draft: ConfigDraft) => void;
}

/** What is there, and what is being added. */
export function ConfigRows({ own, items, empty, readOnly, draft, onDraft }: ConfigRowsProps) {
  const paste = (kind: AddedItem["kind"]) => (event: ClipboardEvent) => {
    const pasted = event.clipboardData.getData("text");
    const assignments = pasted.includes("=") ? parseAssignments(pasted) : null;
    if (assignments === null) return;
    event.preventDefault();
    onDraft(withAssignments(items, draft, { kind, assignments }));
  };
  if (items.length === 0 && draft.added.length === 0) return <Blank>{empty}</Blank>;
  return (
    <ul className="config-list">
      {items.map((item) => (
        <ConfigRow
          key={item.name}
          item={item}
          own={own}
          readOnly={readOnly}
          edit={draft.edits[item.name] ?? null}
          onEdit={(edit) => onDraft(withEdit(draft, item.name, edit))}
        />
      ))}
      {draft.added.map((row) => (
        <AddedRow
          key={row.id}
          row={row}
          mistake={mistakeOf(row, items, draft)}
          onPaste={paste(row.kind)}
          onChange={(next) => onDraft({ ...draft, added: draft.added.map((other) => (other.id === row.id ? next : other)) })}
          onDrop={() => onDraft({ ...draft, added: draft.added.filter((other) => other.id !== row.id) })}
        />
      ))}
    </ul>
  );
}

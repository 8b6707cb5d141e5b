import DeleteOutlined from "@ant-design/icons/DeleteOutlined";
import PlusOutlined from "@ant-design/icons/PlusOutlined";
import UndoOutlined from "@ant-design/icons/UndoOutlined";
import type { Place } from "@ebb/api";
import { useMutation } from "@tanstack/react-query";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useState, type ClipboardEvent } from "react";
import { client } from "../../api/connection.ts";
import { useText } from "../../i18n/language.tsx";
import { OperationProgress } from "../../ui/operation-progress.tsx";
import { Blank } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { mistakeOf, newRow, parseAssignments, patchOf, rowsOf, withAssignments, type EnvMistake, type EnvRow } from "./env-draft.ts";

/** All variables at once: changes are gathered and saved together, as each save makes a version. */
export function EnvEditor({ place, variables }: { place: Place; variables: Record<string, string> }) {
  const text = useText();
  const [draft, setDraft] = useState<EnvRow[] | null>(null);
  const rows = draft ?? rowsOf(variables);
  const patch = patchOf(variables, rows);
  const changes = Object.keys(patch).length;
  const sound = rows.every((row) => mistakeOf(row, rows) === null);
  const save = useMutation({ mutationFn: () => client.patchVariables(place, { variables: patch }) });
  const change = (row: EnvRow) => setDraft(rows.map((other) => (other.id === row.id ? row : other)));
  const drop = (row: EnvRow) => setDraft(rows.filter((other) => other.id !== row.id));

  const paste = (event: ClipboardEvent) => {
    const pasted = event.clipboardData.getData("text");
    const assignments = pasted.includes("=") ? parseAssignments(pasted) : null;
    if (assignments === null) return;
    event.preventDefault();
    setDraft(withAssignments(rows, assignments));
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (changes > 0 && sound) save.mutate();
      }}
    >
      <p className="faint">
        {text.config.envIntro} {text.config.paste}
      </p>
      {rows.length === 0 && <Blank>{text.config.envEmpty}</Blank>}
      {rows.map((row) => (
        <EnvRowFields key={row.id} row={row} mistake={mistakeOf(row, rows)} onChange={change} onDrop={drop} onPaste={paste} />
      ))}
      <Button type="dashed" icon={<PlusOutlined />} onClick={() => setDraft([...rows, newRow(rows)])}>
        {text.config.add}
      </Button>
      <div className="form-actions">
        <Button type="primary" htmlType="submit" loading={save.isPending} disabled={changes === 0 || !sound}>
          {text.config.saveAs}
        </Button>
        <Button disabled={draft === null} onClick={() => setDraft(null)}>
          {text.traffic.reset}
        </Button>
        <span className="faint" role="status">
          {changes === 0 ? text.config.unchanged : text.config.changes(changes)}
        </span>
      </div>
      {save.isError && <ProblemNote error={save.error} title={text.problem.refused} />}
      {save.isSuccess && <OperationProgress id={save.data.id} onSucceeded={() => setDraft(null)} />}
    </form>
  );
}

interface EnvRowFieldsProps {
  row: EnvRow;
  mistake: EnvMistake | null;
  onChange: (row: EnvRow) => void;
  onDrop: (row: EnvRow) => void;
  onPaste: (event: ClipboardEvent) => void;
}

function EnvRowFields({ row, mistake, onChange, onDrop, onPaste }: EnvRowFieldsProps) {
  const text = useText();
  const toggle = () => (row.was === null ? onDrop(row) : onChange({ ...row, removed: !row.removed }));
  const label = row.removed ? text.common.undo : text.common.remove;
  return (
    <div className={row.removed ? "env-row removed" : "env-row"}>
      <Input
        value={row.name}
        disabled={row.removed}
        placeholder={text.config.name}
        aria-label={text.config.name}
        status={mistake === null ? "" : "error"}
        spellCheck={false}
        autoComplete="off"
        onPaste={onPaste}
        onChange={(event) => onChange({ ...row, name: event.target.value.trim() })}
      />
      <Input.TextArea
        value={row.value}
        disabled={row.removed}
        placeholder={text.config.value}
        aria-label={`${text.config.value}: ${row.name}`}
        autoSize={{ minRows: 1, maxRows: 6 }}
        spellCheck={false}
        onChange={(event) => onChange({ ...row, value: event.target.value })}
      />
      <Button
        type="text"
        icon={row.removed ? <UndoOutlined /> : <DeleteOutlined />}
        aria-label={`${label}: ${row.name}`}
        title={label}
        onClick={toggle}
      />
      {mistake !== null && <div className="bad-text">{mistake === "twice" ? text.config.twice : text.config.badName}</div>}
      {row.removed && <div className="faint">{text.config.removed}</div>}
    </div>
  );
}

import DeleteOutlined from "@ant-design/icons/DeleteOutlined";
import Button from "antd/es/button";
import Input from "antd/es/input";
import type { ClipboardEvent } from "react";
import { useText } from "../../i18n/language.tsx";
import type { AddedItem, Mistake } from "./config-draft.ts";

interface AddedRowProps {
  row: AddedItem;
  mistake: Mistake | null;
  onPaste: (event: ClipboardEvent) => void;
  onChange: (row: AddedItem) => void;
  onDrop: () => void;
}

/** A variable or secret that is not there yet. */
export function AddedRow({ row, mistake, onPaste, onChange, onDrop }: AddedRowProps) {
  const text = useText();
  const secret = row.kind === "secret";
  const label = secret ? text.config.secretValue : text.config.value;
  return (
    <li className="config-row">
      <Input
        value={row.name}
        placeholder={secret ? text.config.secretName : text.config.name}
        aria-label={secret ? text.config.secretName : text.config.name}
        status={mistake === null || mistake === "no-value" ? "" : "error"}
        spellCheck={false}
        autoComplete="off"
        onPaste={onPaste}
        onChange={(event) => onChange({ ...row, name: event.target.value.trim() })}
      />
      {secret ? (
        <Input.Password
          value={row.value}
          placeholder={label}
          aria-label={`${label}: ${row.name}`}
          autoComplete="new-password"
          onChange={(event) => onChange({ ...row, value: event.target.value })}
        />
      ) : (
        <Input.TextArea
          value={row.value}
          placeholder={label}
          aria-label={`${label}: ${row.name}`}
          autoSize={{ minRows: 1, maxRows: 6 }}
          spellCheck={false}
          onChange={(event) => onChange({ ...row, value: event.target.value })}
        />
      )}
      <span className="config-actions">
        <Button
          type="text"
          icon={<DeleteOutlined />}
          aria-label={`${text.common.remove}: ${row.name}`}
          title={text.common.remove}
          onClick={onDrop}
        />
      </span>
      {mistake !== null && <div className={mistake === "no-value" ? "faint" : "bad-text"}>{text.config.mistakes[mistake]}</div>}
    </li>
  );
}

import DeleteOutlined from "@ant-design/icons/DeleteOutlined";
import RollbackOutlined from "@ant-design/icons/RollbackOutlined";
import UndoOutlined from "@ant-design/icons/UndoOutlined";
import type { ConfigurationLayer } from "@ebb/api";
import Button from "antd/es/button";
import Input from "antd/es/input";
import type { ReactNode } from "react";
import { useText } from "../../i18n/language.tsx";
import { Ago } from "../../ui/time.tsx";
import type { ConfigItem, Edit } from "./config-draft.ts";

interface ConfigRowProps {
  item: ConfigItem;
  own: ConfigurationLayer;
  readOnly: boolean;
  /** What is to be done to it; null: nothing. */
  edit: Edit | null;
  onEdit: (edit: Edit | null) => void;
}

/** One variable or secret: its value or that it has one, the layer that it comes from, and what one may do to it here. */
export function ConfigRow({ item, own, readOnly, edit, onEdit }: ConfigRowProps) {
  const text = useText();
  const { name, kind, layer, over, updated } = item;
  const going = edit?.act === "remove" || edit?.act === "inherit";
  /** Of an app it is known whether anything is above; a layer is told to leave it to whatever is. */
  const inheritable = layer === own && own !== "platform" && (own === "app" ? over.length > 0 : true);
  return (
    <li className={going ? "config-row removed" : "config-row"}>
      <div className="config-name">
        <code className="strong">{name}</code>
        <span className="faint">
          {own === "app" && text.config.from(text.config.layers[layer])}
          {over.length > 0 && ` · ${text.config.over(over.map((one) => text.config.layers[one]))}`}
          {updated !== null && (
            <>
              <Ago at={updated.at} /> {updated.by !== "" && text.common.by(updated.by)}
            </>
          )}
        </span>
      </div>
      <Value item={item} edit={edit} readOnly={readOnly || going} onEdit={onEdit} />
      {!readOnly && (
        <span className="config-actions">
          {edit !== null && <Act icon={<UndoOutlined />} label={text.common.undo} name={name} onClick={() => onEdit(null)} />}
          {edit === null && inheritable && (
            <Act
              icon={<RollbackOutlined />}
              label={kind === "hidden" ? text.config.showAgain : text.config.inherit}
              name={name}
              onClick={() => onEdit({ act: "inherit" })}
            />
          )}
          {edit === null && kind !== "hidden" && (
            <Act icon={<DeleteOutlined />} label={text.common.remove} name={name} onClick={() => onEdit({ act: "remove" })} />
          )}
        </span>
      )}
      {going && <div className="faint">{edit.act === "remove" ? text.config.removed : text.config.inherited}</div>}
    </li>
  );
}

function Act({ icon, label, name, onClick }: { icon: ReactNode; label: string; name: string; onClick: () => void }) {
  return <Button type="text" icon={icon} aria-label={`${label}: ${name}`} title={label} onClick={onClick} />;
}

interface ValueProps {
  item: ConfigItem;
  edit: Edit | null;
  readOnly: boolean;
  onEdit: (edit: Edit | null) => void;
}

function Value({ item: { name, kind, text: written, value }, edit, readOnly, onEdit }: ValueProps) {
  const text = useText();
  if (kind === "hidden" && edit?.act !== "set") return <span className="faint">{text.config.hidden}</span>;
  const typed = edit?.act === "set" ? edit.value : null;
  if (kind === "secret") {
    if (readOnly) return <span className="faint">{text.config.secretSet}</span>;
    return (
      <Input.Password
        value={typed ?? ""}
        placeholder={text.config.secretReplace}
        aria-label={`${text.config.newValue}: ${name}`}
        autoComplete="new-password"
        onChange={({ target }) => onEdit(target.value === "" ? null : { act: "set", value: target.value })}
      />
    );
  }
  const shown = typed ?? written ?? "";
  return (
    <div className="config-value">
      {readOnly ? (
        <code className="prose">{shown}</code>
      ) : (
        <Input.TextArea
          value={shown}
          aria-label={`${text.config.value}: ${name}`}
          autoSize={{ minRows: 1, maxRows: 6 }}
          spellCheck={false}
          onChange={({ target }) => onEdit(target.value === written ? null : { act: "set", value: target.value })}
        />
      )}
      {typed === null && value !== null && value !== written && (
        <span className="faint">
          {text.config.becomes} <code>{value}</code>
        </span>
      )}
      {typed === null && value === null && <span className="faint">{text.config.becomesSecret}</span>}
    </div>
  );
}

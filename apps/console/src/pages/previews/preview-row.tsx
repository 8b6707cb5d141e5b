import type { Environment } from "@ebb/api";
import { Link } from "@tanstack/react-router";
import Button from "antd/es/button";
import InputNumber from "antd/es/input-number";
import { useState } from "react";
import { useFormat, useText } from "../../i18n/language.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { useNow } from "../../ui/use-now.ts";

interface PreviewRowProps {
  environment: Environment & { preview: NonNullable<Environment["preview"]> };
  changeable: boolean;
  busy: boolean;
  /** Hours from now. */
  onExtend: (ttlHours: number) => void;
  onDelete: () => void;
}

/** One preview: what it shows, how long it has left, and what one may do about that. */
export function PreviewRow({ environment: { team, name, apps, preview }, changeable, busy, onExtend, onDelete }: PreviewRowProps) {
  const { previews: text } = useText();
  const format = useFormat();
  const now = useNow(20_000);
  const [hours, setHours] = useState(24);
  const left = Date.parse(preview.expiresAt) - now;
  return (
    <li>
      <Link to="/teams/$team/environments/$env" params={{ team, env: name }} className="strong">
        {name}
      </Link>
      {preview.branch !== null && <code>{preview.branch}</code>}
      <span>{text.apps(apps)}</span>
      <time dateTime={preview.expiresAt} title={format.dateTime(preview.expiresAt)} className={left < 3_600_000 ? "warn" : ""}>
        {left <= 0 ? text.over : text.left(format.duration(left))}
      </time>
      {changeable && (
        <span className="row-action member-actions">
          <InputNumber<number>
            className="hours"
            size="small"
            min={0.1}
            max={720}
            value={hours}
            suffix="h"
            aria-label={text.extendFor(name)}
            onChange={(value) => setHours(value ?? 24)}
          />
          <Button size="small" loading={busy} aria-label={`${text.extend}: ${name}`} onClick={() => onExtend(hours)}>
            {text.extend}
          </Button>
          <Confirm title={text.deleteConfirm(name)} okText={text.delete} onConfirm={onDelete}>
            <Button size="small" danger aria-label={`${text.delete}: ${name}`}>
              {text.delete}
            </Button>
          </Confirm>
        </span>
      )}
    </li>
  );
}

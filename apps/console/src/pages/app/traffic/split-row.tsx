import CloseOutlined from "@ant-design/icons/CloseOutlined";
import Button from "antd/es/button";
import InputNumber from "antd/es/input-number";
import { useText } from "../../../i18n/language.tsx";
import { VersionMark } from "../../../ui/version-mark.tsx";

interface SplitRowProps {
  version: string;
  percent: number;
  /** In force now. */
  before: number;
  onChange: (percent: number) => void;
  /** Null for the only one. */
  onRemove: (() => void) | null;
}

/** A version's share, typed. */
export function SplitRow({ version, percent, before, onChange, onRemove }: SplitRowProps) {
  const text = useText();
  return (
    <div className="traffic-row">
      <VersionMark version={version} />
      <InputNumber<number>
        min={0}
        max={100}
        precision={0}
        value={percent}
        suffix="%"
        aria-label={text.traffic.percentOf(version)}
        onChange={(value) => onChange(value ?? 0)}
      />
      <span className="faint number">{before === percent ? "" : text.traffic.was(before)}</span>
      <span>
        <Button size="small" disabled={percent === 100} aria-label={text.traffic.allTo(version)} onClick={() => onChange(100)}>
          {text.traffic.all}
        </Button>
        {onRemove !== null && (
          <Button size="small" type="text" icon={<CloseOutlined />} aria-label={text.traffic.takeOut(version)} onClick={onRemove} />
        )}
      </span>
    </div>
  );
}

import Button from "antd/es/button";
import InputNumber from "antd/es/input-number";
import Slider from "antd/es/slider";
import { useText } from "../../i18n/language.tsx";
import { versionColour } from "../../ui/version.ts";

interface TrafficRowProps {
  version: string;
  percent: number;
  onChange: (percent: number) => void;
  /** Gives this version what is missing; null while nothing is. */
  onBalance: (() => void) | null;
}

export function TrafficRow({ version, percent, onChange, onBalance }: TrafficRowProps) {
  const text = useText();
  const label = text.traffic.percentOf(version);
  return (
    <div className="traffic-row">
      <span className="version">
        <i className="swatch" style={{ background: versionColour(version) }} aria-hidden="true" />
        <b>{version}</b>
      </span>
      <Slider
        min={0}
        max={100}
        value={percent}
        onChange={onChange}
        ariaLabelForHandle={label}
        ariaValueTextFormatterForHandle={(value) => `${value} %`}
        tooltip={{ open: false }}
        styles={{ track: { background: versionColour(version) } }}
      />
      <InputNumber<number>
        min={0}
        max={100}
        precision={0}
        value={percent}
        suffix="%"
        aria-label={label}
        onChange={(value) => onChange(value ?? 0)}
      />
      <Button size="small" className={onBalance === null ? "hidden" : ""} onClick={() => onBalance?.()}>
        {text.traffic.balance}
      </Button>
    </div>
  );
}

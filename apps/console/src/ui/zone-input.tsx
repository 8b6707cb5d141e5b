import Input, { type InputProps } from "antd/es/input";
import { useId } from "react";

type ZoneInputProps = Omit<InputProps, "list" | "onChange"> & { onChange: (zone: string) => void };

/** A time zone by its name, of which the browser knows all. */
export function ZoneInput({ onChange, ...props }: ZoneInputProps) {
  const zones = useId();
  return (
    <>
      <Input {...props} list={zones} spellCheck={false} onChange={({ target }) => onChange(target.value)} />
      <datalist id={zones}>
        {Intl.supportedValuesOf("timeZone").map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  );
}

import DeleteOutlined from "@ant-design/icons/DeleteOutlined";
import Button from "antd/es/button";
import Input from "antd/es/input";
import InputNumber from "antd/es/input-number";
import { useText } from "../../../i18n/language.tsx";
import { Select } from "../../../ui/select.tsx";
import { limitFault, MOST_LIMITS, newLimit, type DraftLimit } from "./guard-draft.ts";

interface LimitListProps {
  limits: readonly DraftLimit[];
  readOnly: boolean;
  onChange: (limits: readonly DraftLimit[]) => void;
}

/** How many requests are let through; all of the limits must hold. */
export function LimitList({ limits, readOnly, onChange }: LimitListProps) {
  const { guard } = useText();
  return (
    <>
      <p className="faint">{limits.length === 0 ? guard.limitsNone : guard.limitsHelp}</p>
      {limits.map((limit, index) => (
        <LimitFields
          key={limit.key}
          label={guard.limit(index + 1)}
          limit={limit}
          readOnly={readOnly}
          onChange={(next) => onChange(limits.with(index, next))}
          onRemove={() => onChange(limits.toSpliced(index, 1))}
        />
      ))}
      {!readOnly && (
        <Button size="small" disabled={limits.length >= MOST_LIMITS} onClick={() => onChange([...limits, newLimit(limits)])}>
          {guard.addLimit}
        </Button>
      )}
    </>
  );
}

interface LimitFieldsProps {
  label: string;
  limit: DraftLimit;
  readOnly: boolean;
  onChange: (limit: DraftLimit) => void;
  onRemove: () => void;
}

function LimitFields({ label, limit, readOnly, onChange, onRemove }: LimitFieldsProps) {
  const { guard } = useText();
  const set = (part: Partial<DraftLimit>) => onChange({ ...limit, ...part });
  const common = { min: 1, precision: 0, disabled: readOnly };
  return (
    <div className="guard-entry">
      <InputNumber<number>
        {...common}
        max={1_000_000}
        value={limit.requests}
        aria-label={`${guard.requests}: ${label}`}
        onChange={(requests) => set({ requests: requests ?? 1 })}
      />
      <span>{guard.requests.toLowerCase()}</span>
      <span>{guard.perSeconds}</span>
      <InputNumber<number>
        {...common}
        max={86_400}
        value={limit.perSeconds}
        aria-label={`${guard.perSeconds}: ${label}`}
        onChange={(perSeconds) => set({ perSeconds: perSeconds ?? 1 })}
      />
      <span>{guard.by}</span>
      <Select<DraftLimit["by"]>
        className="guard-by"
        value={limit.by}
        disabled={readOnly}
        aria-label={`${guard.by}: ${label}`}
        options={(["app", "client", "header"] as const).map((value) => ({ value, label: guard.bys[value] }))}
        onChange={(by) => set({ by })}
      />
      {limit.by === "header" && (
        <Input
          value={limit.header}
          disabled={readOnly}
          placeholder={guard.header}
          aria-label={`${guard.header}: ${label}`}
          status={limit.header !== "" && limitFault(limit) ? "error" : ""}
          spellCheck={false}
          onChange={({ target }) => set({ header: target.value.trim() })}
        />
      )}
      <span>{guard.burst}</span>
      <InputNumber<number>
        {...common}
        max={1_000_000}
        value={limit.burst}
        placeholder={guard.burstUsual}
        aria-label={`${guard.burst}: ${label}`}
        onChange={(burst) => set({ burst })}
      />
      {!readOnly && (
        <Button type="text" icon={<DeleteOutlined />} aria-label={guard.remove(label)} title={guard.remove(label)} onClick={onRemove} />
      )}
      {limitFault(limit) && <span className="guard-says faint">{guard.faults.header}</span>}
    </div>
  );
}

import Checkbox from "antd/es/checkbox";
import Input from "antd/es/input";
import InputNumber from "antd/es/input-number";
import type { ReactNode } from "react";
import { useText } from "../../../i18n/language.tsx";
import { Select } from "../../../ui/select.tsx";
import { RETRY_ON, USUAL, type GuardDraft } from "./guard-draft.ts";

type InstanceParts = Pick<GuardDraft, "affinity" | "ejection" | "retries">;

interface InstanceFieldsProps {
  draft: InstanceParts;
  readOnly: boolean;
  onChange: (part: Partial<InstanceParts>) => void;
}

/** Which instance gets a request: affinity, ejection, retries; each on or off. */
export function InstanceFields({ draft: { affinity, ejection, retries }, readOnly, onChange }: InstanceFieldsProps) {
  const { guard } = useText();
  const number = (label: string, value: number, limits: { min: number; max: number; step?: number }, set: (value: number) => void) => (
    <NumberField label={label} value={value} limits={limits} readOnly={readOnly} onChange={set} />
  );
  const part = (name: keyof InstanceParts, on: boolean, fields: ReactNode) => (
    <div className="guard-part">
      <Checkbox checked={on} disabled={readOnly} onChange={({ target }) => onChange({ [name]: target.checked ? USUAL[name] : null })}>
        {guard[name]}
      </Checkbox>
      {on && <div className="guard-numbers">{fields}</div>}
    </div>
  );
  return (
    <>
      {part(
        "affinity",
        affinity !== null,
        affinity && (
          <>
            <label>
              <span>{guard.affinityFields.cookie}</span>
              <Input
                value={affinity.cookie}
                disabled={readOnly}
                spellCheck={false}
                onChange={({ target }) => onChange({ affinity: { ...affinity, cookie: target.value.trim() } })}
              />
            </label>
            {number(guard.affinityFields.seconds, affinity.seconds, { min: 1, max: 31_536_000 }, (seconds) =>
              onChange({ affinity: { ...affinity, seconds } }),
            )}
          </>
        ),
      )}
      {part(
        "ejection",
        ejection !== null,
        ejection && (
          <>
            {number(guard.ejectionFields.errors, ejection.errors, { min: 1, max: 1000 }, (errors) =>
              onChange({ ejection: { ...ejection, errors } }),
            )}
            {number(guard.ejectionFields.seconds, ejection.seconds, { min: 1, max: 3600 }, (seconds) =>
              onChange({ ejection: { ...ejection, seconds } }),
            )}
            {number(guard.ejectionFields.maxPercent, ejection.maxPercent, { min: 1, max: 100 }, (maxPercent) =>
              onChange({ ejection: { ...ejection, maxPercent } }),
            )}
          </>
        ),
      )}
      {part(
        "retries",
        retries !== null,
        retries && (
          <>
            {number(guard.retriesFields.attempts, retries.attempts, { min: 1, max: 10 }, (attempts) =>
              onChange({ retries: { ...retries, attempts } }),
            )}
            {number(guard.retriesFields.perTrySeconds, retries.perTrySeconds, { min: 0, max: 3600, step: 0.5 }, (perTrySeconds) =>
              onChange({ retries: { ...retries, perTrySeconds } }),
            )}
            {number(guard.retriesFields.budgetPercent, retries.budgetPercent, { min: 0, max: 100 }, (budgetPercent) =>
              onChange({ retries: { ...retries, budgetPercent } }),
            )}
            <label>
              <span>{guard.retriesFields.on}</span>
              <Select<string[]>
                mode="multiple"
                value={retries.on}
                disabled={readOnly}
                aria-label={guard.retriesFields.on}
                status={retries.on.length === 0 ? "error" : ""}
                options={RETRY_ON.map((value) => ({ value, label: value }))}
                onChange={(on) => onChange({ retries: { ...retries, on } })}
              />
            </label>
          </>
        ),
      )}
    </>
  );
}

interface NumberFieldProps {
  label: string;
  value: number;
  limits: { min: number; max: number; step?: number };
  readOnly: boolean;
  onChange: (value: number) => void;
}

function NumberField({ label, value, limits, readOnly, onChange }: NumberFieldProps) {
  return (
    <label>
      <span>{label}</span>
      <InputNumber<number>
        {...limits}
        {...(limits.step === undefined ? { precision: 0 } : {})}
        value={value}
        disabled={readOnly}
        onChange={(next) => onChange(next ?? limits.min)}
      />
    </label>
  );
}

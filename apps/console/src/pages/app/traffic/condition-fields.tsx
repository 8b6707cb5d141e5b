import DeleteOutlined from "@ant-design/icons/DeleteOutlined";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useText } from "../../../i18n/language.tsx";
import { Select } from "../../../ui/select.tsx";
import { faultOf, newCondition, type ConditionKind, type DraftCondition, type Operator } from "./rules-draft.ts";

const KINDS: readonly ConditionKind[] = ["header", "cookie", "query", "path", "users"];
const OPERATORS: readonly Operator[] = ["exact", "prefix", "regex", "present"];
/** As many as the API takes. */
const MOST = 8;

interface ConditionListProps {
  /** Tells the fields of several lists apart. */
  label: string;
  conditions: readonly DraftCondition[];
  onChange: (conditions: DraftCondition[]) => void;
  /** Whether the last one can be taken away, too. */
  mayBeEmpty?: boolean;
}

/** Conditions that must all hold, a row each. */
export function ConditionList({ label, conditions, onChange, mayBeEmpty = false }: ConditionListProps) {
  const { rules } = useText();
  return (
    <div className="conditions" role="group" aria-label={label}>
      {conditions.map((condition, index) => (
        <ConditionFields
          // Rows have no name of their own, and are only added at the end.
          key={index}
          label={`${label}, ${index + 1}`}
          condition={condition}
          onChange={(next) => onChange(conditions.with(index, next))}
          onRemove={conditions.length === 1 && !mayBeEmpty ? null : () => onChange(conditions.toSpliced(index, 1))}
        />
      ))}
      <Button size="small" disabled={conditions.length >= MOST} onClick={() => onChange([...conditions, newCondition()])}>
        {conditions.length === 0 ? rules.addFirst : rules.and}
      </Button>
    </div>
  );
}

interface ConditionFieldsProps {
  label: string;
  condition: DraftCondition;
  onChange: (condition: DraftCondition) => void;
  onRemove: (() => void) | null;
}

function ConditionFields({ label, condition, onChange, onRemove }: ConditionFieldsProps) {
  const { rules } = useText();
  const { on, name, is, value } = condition;
  const fault = faultOf(condition);
  const set = (part: Partial<DraftCondition>) => onChange({ ...condition, ...part });
  const operators = on === "path" ? OPERATORS.filter((operator) => operator !== "present") : OPERATORS;
  return (
    <div className="condition">
      <Select<ConditionKind>
        value={on}
        aria-label={`${rules.what}: ${label}`}
        options={KINDS.map((kind) => ({ value: kind, label: rules.kinds[kind] }))}
        onChange={(kind) => set({ on: kind, ...(kind === "users" || (kind === "path" && is === "present") ? { is: "exact" } : {}) })}
      />
      {on !== "path" && (
        <Input
          value={name}
          status={fault === "name" && name !== "" ? "error" : ""}
          placeholder={on === "users" ? "x-user" : rules.name}
          aria-label={`${on === "users" ? rules.userHeader : rules.name}: ${label}`}
          spellCheck={false}
          onChange={(event) => set({ name: event.target.value.trim() })}
        />
      )}
      {on !== "users" && (
        <Select<Operator>
          value={is}
          aria-label={`${rules.how}: ${label}`}
          options={operators.map((operator) => ({ value: operator, label: rules.operators[operator] }))}
          onChange={(operator) => set({ is: operator })}
        />
      )}
      {(is !== "present" || on === "users" || on === "path") && (
        <Input
          value={value}
          status={fault === "value" && value !== "" ? "error" : ""}
          placeholder={on === "users" ? "ann, bob" : on === "path" ? "/api" : rules.value}
          aria-label={`${on === "users" ? rules.users : rules.value}: ${label}`}
          spellCheck={false}
          onChange={(event) => set({ value: event.target.value })}
        />
      )}
      {onRemove !== null && (
        <Button type="text" className="quiet" icon={<DeleteOutlined />} aria-label={rules.removeCondition(label)} onClick={onRemove} />
      )}
    </div>
  );
}

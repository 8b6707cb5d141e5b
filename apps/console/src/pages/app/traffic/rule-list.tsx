import ArrowDownOutlined from "@ant-design/icons/ArrowDownOutlined";
import ArrowUpOutlined from "@ant-design/icons/ArrowUpOutlined";
import CheckOutlined from "@ant-design/icons/CheckOutlined";
import DeleteOutlined from "@ant-design/icons/DeleteOutlined";
import EditOutlined from "@ant-design/icons/EditOutlined";
import Button from "antd/es/button";
import { useState } from "react";
import { useText } from "../../../i18n/language.tsx";
import { Select } from "../../../ui/select.tsx";
import { ConditionList } from "./condition-fields.tsx";
import { RuleWords } from "./rule-words.tsx";
import { isComplete, moved, newCondition, rulesOf, type DraftRule } from "./rules-draft.ts";

/** As many as the API takes. */
const MOST = 32;

interface RuleListProps {
  rules: readonly DraftRule[];
  /** Versions that a rule can name, newest first. */
  versions: readonly string[];
  onChange: (rules: DraftRule[]) => void;
}

/** The rules in their order, from top to bottom: the first that fits takes the request. */
export function RuleList({ rules, versions, onChange }: RuleListProps) {
  const text = useText();
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const add = () => {
    const key = 1 + Math.max(-1, ...rules.map((rule) => rule.key));
    setOpen(new Set([...open, key]));
    onChange([...rules, { key, version: versions[0] ?? "", when: [newCondition()] }]);
  };
  const toggle = (key: number) => setOpen(open.has(key) ? new Set([...open].filter((one) => one !== key)) : new Set([...open, key]));
  return (
    <>
      <ol className="rules" aria-label={text.rules.title}>
        {rules.map((rule, index) => {
          const name = text.rules.rule(index + 1);
          const editing = open.has(rule.key) || !isComplete([rule]);
          const [shown] = editing ? [] : rulesOf([rule]);
          return (
            <li key={rule.key} className="rule">
              <div className="between">
                <b>{name}</b>
                {shown && <RuleWords rule={shown} />}
                <span className="rule-actions">
                  <Button
                    type="text"
                    size="small"
                    icon={<ArrowUpOutlined />}
                    aria-label={text.rules.up(name)}
                    disabled={index === 0}
                    onClick={() => onChange(moved(rules, index, index - 1))}
                  />
                  <Button
                    type="text"
                    size="small"
                    icon={<ArrowDownOutlined />}
                    aria-label={text.rules.down(name)}
                    disabled={index === rules.length - 1}
                    onClick={() => onChange(moved(rules, index, index + 1))}
                  />
                  <Button
                    type="text"
                    size="small"
                    icon={editing ? <CheckOutlined /> : <EditOutlined />}
                    aria-label={editing ? text.rules.close(name) : text.rules.edit(name)}
                    disabled={!isComplete([rule])}
                    onClick={() => toggle(rule.key)}
                  />
                  <Button
                    type="text"
                    size="small"
                    icon={<DeleteOutlined />}
                    aria-label={text.rules.remove(name)}
                    onClick={() => onChange(rules.toSpliced(index, 1))}
                  />
                </span>
              </div>
              {editing && (
                <>
                  <ConditionList label={name} conditions={rule.when} onChange={(when) => onChange(rules.with(index, { ...rule, when }))} />
                  <div className="rule-target">
                    {text.rules.goTo}{" "}
                    <Select
                      value={rule.version}
                      aria-label={text.rules.versionOf(name)}
                      options={versions.map((version) => ({ value: version, label: version }))}
                      onChange={(version) => onChange(rules.with(index, { ...rule, version }))}
                    />
                  </div>
                </>
              )}
            </li>
          );
        })}
      </ol>
      <Button size="small" disabled={rules.length >= MOST || versions.length === 0} onClick={add}>
        {text.rules.add}
      </Button>
    </>
  );
}

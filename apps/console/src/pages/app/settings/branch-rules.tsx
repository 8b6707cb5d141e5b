import DeleteOutlined from "@ant-design/icons/DeleteOutlined";
import type { BranchRule } from "@ebb/api";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useText } from "../../../i18n/language.tsx";
import { Select } from "../../../ui/select.tsx";

interface BranchRulesProps {
  rules: readonly BranchRule[];
  environments: readonly string[];
  readOnly: boolean;
  onChange: (rules: BranchRule[]) => void;
}

/** Branches by the environments that a push to them goes to; the first that fits counts. */
export function BranchRules({ rules, environments, readOnly, onChange }: BranchRulesProps) {
  const { git } = useText();
  const set = (at: number, part: Partial<BranchRule>) => onChange(rules.map((rule, index) => (index === at ? { ...rule, ...part } : rule)));
  return (
    <fieldset className="branch-rules">
      <legend>{git.rules}</legend>
      <p className="faint">{git.rulesHelp}</p>
      {rules.map(({ branch, environment }, at) => (
        // oxlint-disable-next-line react/no-array-index-key -- a rule is its place
        <div key={at} className="branch-rule">
          <Input
            value={branch}
            disabled={readOnly}
            placeholder="main"
            spellCheck={false}
            aria-label={`${git.branch}: ${git.rule(at + 1)}`}
            onChange={(event) => set(at, { branch: event.target.value.trim() })}
          />
          <span aria-hidden="true">→</span>
          <Select
            value={environment === "" ? null : environment}
            disabled={readOnly}
            placeholder={git.environment}
            aria-label={`${git.environment}: ${git.rule(at + 1)}`}
            options={environments.map((name) => ({ value: name, label: name }))}
            onChange={(name) => set(at, { environment: name ?? "" })}
          />
          {!readOnly && (
            <Button
              type="text"
              icon={<DeleteOutlined />}
              aria-label={git.removeRule(at + 1)}
              title={git.removeRule(at + 1)}
              onClick={() => onChange(rules.filter((_, index) => index !== at))}
            />
          )}
        </div>
      ))}
      {!readOnly && rules.length < 20 && (
        <Button size="small" onClick={() => onChange([...rules, { branch: "", environment: environments[0] ?? "" }])}>
          {git.addRule}
        </Button>
      )}
    </fieldset>
  );
}

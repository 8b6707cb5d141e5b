import DeleteOutlined from "@ant-design/icons/DeleteOutlined";
import Button from "antd/es/button";
import Input from "antd/es/input";
import InputNumber from "antd/es/input-number";
import { useId } from "react";
import { usePolicyWords } from "../../../../i18n/policy-words.ts";
import { Select } from "../../../../ui/select.tsx";
import { ZoneInput } from "../../../../ui/zone-input.tsx";
import { FaultNote, RefusedNote, saidBy } from "./fault-note.tsx";
import {
  MOST_INSTANCES,
  STRATEGY_TYPES,
  strategyFaults,
  type DraftStrategy,
  type StrategyFaults,
  type StrategyField,
  type StrategyType,
} from "./scaling-draft.ts";
import { WindowTimes } from "./window-times.tsx";

interface StrategyFieldsProps {
  label: string;
  strategy: DraftStrategy;
  refused: string | null;
  onChange: (strategy: DraftStrategy) => void;
  onRemove: () => void;
}

export function StrategyFields({ label, strategy, refused, onChange, onRemove }: StrategyFieldsProps) {
  const words = usePolicyWords();
  const id = useId();
  const faults = strategyFaults(strategy);
  const { type } = strategy;
  const parts: PartProps = { id, label, strategy, faults, set: (part) => onChange({ ...strategy, ...part }) };
  return (
    <div className="guard-entry" role="group" aria-label={label}>
      <Select<StrategyType>
        className="strategy-type"
        value={type}
        aria-label={`${words.type}: ${label}`}
        options={STRATEGY_TYPES.map((value) => ({ value, label: words.types[value] }))}
        onChange={(next) => parts.set({ type: next })}
      />
      {type === "cron" ? <WindowFields {...parts} /> : <TargetField {...parts} type={type} />}
      {type === "lag" && <WaitingFields {...parts} />}
      <Button type="text" icon={<DeleteOutlined />} aria-label={words.remove(label)} title={words.remove(label)} onClick={onRemove} />
      {Object.entries(faults).map(([field, fault]) => (
        <FaultNote key={field} id={`${id}-${field}`} fault={fault} />
      ))}
      <RefusedNote detail={refused} />
      {type === "cron" && faults.start === undefined && faults.end === undefined && faults.timezone === undefined && (
        <WindowTimes start={strategy.start.trim()} end={strategy.end.trim()} timezone={strategy.timezone.trim()} />
      )}
      {(type === "cpu" || type === "memory") && <span className="guard-says faint">{words.keepsNobody}</span>}
      {type === "lag" && (
        <span className="guard-says faint">
          {words.wakes} {strategy.waiting === "url" && words.lagHelp}
        </span>
      )}
    </div>
  );
}

interface PartProps {
  id: string;
  label: string;
  strategy: DraftStrategy;
  faults: StrategyFaults;
  set: (part: Partial<DraftStrategy>) => void;
}

/** Where what is wrong with a field is said. */
const noted = ({ id, faults }: PartProps, field: StrategyField) => saidBy(`${id}-${field}`, faults[field] !== undefined);

function TargetField({ type, ...parts }: PartProps & { type: Exclude<StrategyType, "cron"> }) {
  const words = usePolicyWords();
  const { label, strategy, set } = parts;
  const optional = type === "concurrency" || type === "rps";
  return (
    <>
      <InputNumber<number>
        {...noted(parts, "target")}
        value={strategy.target}
        placeholder={optional ? words.asVersion : ""}
        className={optional ? "strategy-target" : ""}
        aria-label={`${words.target}: ${label}`}
        onChange={(target) => set({ target })}
      />
      <span>{words.units[type]}</span>
    </>
  );
}

function WindowFields(parts: PartProps) {
  const words = usePolicyWords();
  const { label, strategy, set } = parts;
  const cron = (field: "start" | "end") => (
    <span className="strategy-part">
      <span>{words[field]}</span>
      <Input
        {...noted(parts, field)}
        className="strategy-cron"
        value={strategy[field]}
        maxLength={120}
        spellCheck={false}
        aria-label={`${words[field]}: ${label}`}
        onChange={({ target }) => set({ [field]: target.value })}
      />
    </span>
  );
  return (
    <>
      <InputNumber<number>
        {...noted(parts, "replicas")}
        min={1}
        max={MOST_INSTANCES}
        precision={0}
        value={strategy.replicas}
        aria-label={`${words.replicas}: ${label}`}
        onChange={(replicas) => set({ replicas })}
      />
      <span>{words.replicasUnit}</span>
      {cron("start")}
      {cron("end")}
      <span className="strategy-part">
        <span>{words.zone}</span>
        <ZoneInput
          {...noted(parts, "timezone")}
          className="strategy-zone"
          value={strategy.timezone}
          aria-label={`${words.zone}: ${label}`}
          onChange={(timezone) => set({ timezone })}
        />
      </span>
    </>
  );
}

function WaitingFields(parts: PartProps) {
  const words = usePolicyWords();
  const { label, strategy, set } = parts;
  return (
    <>
      <Select<DraftStrategy["waiting"]>
        className="strategy-type"
        value={strategy.waiting}
        aria-label={`${words.waiting}: ${label}`}
        options={(["url", "number"] as const).map((value) => ({ value, label: words.waitings[value] }))}
        onChange={(waiting) => set({ waiting })}
      />
      {strategy.waiting === "url" ? (
        <Input
          {...noted(parts, "url")}
          className="strategy-url"
          value={strategy.url}
          placeholder="http://queue/waiting"
          maxLength={2048}
          spellCheck={false}
          aria-label={`${words.url}: ${label}`}
          onChange={({ target }) => set({ url: target.value })}
        />
      ) : (
        <InputNumber<number>
          {...noted(parts, "lag")}
          value={strategy.lag}
          aria-label={`${words.lag}: ${label}`}
          onChange={(lag) => set({ lag })}
        />
      )}
    </>
  );
}

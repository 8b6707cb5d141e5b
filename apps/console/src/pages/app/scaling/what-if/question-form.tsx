import type { Place } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import Button from "antd/es/button";
import Checkbox from "antd/es/checkbox";
import InputNumber from "antd/es/input-number";
import { useId, useState } from "react";
import { versionsQuery } from "../../../../api/queries.ts";
import { EVERY_OVER, type QuestionSearch } from "../../../../api/question.ts";
import { usePolicyWords } from "../../../../i18n/policy-words.ts";
import { Choice } from "../../../../ui/choice.tsx";
import { Select } from "../../../../ui/select.tsx";
import { FaultNote, saidBy } from "../policy/fault-note.tsx";
import { IDLES, MOST_INSTANCES } from "../policy/scaling-draft.ts";
import { StrategyList } from "../policy/strategy-list.tsx";
import { isAskable, questionFaults, searchOf, typedOf, type QuestionFaults, type TypedQuestion } from "./question-typed.ts";

interface QuestionFormProps {
  place: Place;
  search: QuestionSearch;
  /** An empty one asks nothing. */
  onAsk: (search: QuestionSearch) => void;
}

/** What is asked about; nothing is replayed while one types. */
export function QuestionForm({ place, search, onAsk }: QuestionFormProps) {
  const { whatIf: words } = usePolicyWords();
  const of = JSON.stringify(search);
  const [edited, setEdited] = useState<{ of: string; typed: TypedQuestion } | null>(null);
  // An address that has changed, as by a button elsewhere, is what is asked.
  const typed = edited?.of === of ? edited.typed : typedOf(search);
  const set = (part: Partial<TypedQuestion>) => setEdited({ of, typed: { ...typed, ...part } });
  const ready = isAskable(typed);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) onAsk(searchOf(typed));
      }}
    >
      <div className="fields policy-fields scaling-fields">
        <b>{words.over}</b>
        <Choice
          label={words.over}
          value={typed.over}
          options={EVERY_OVER.map((over) => [over, words.overs[over]])}
          onChange={(over) => set({ over })}
        />
        <PolicyFields place={place} typed={typed} faults={questionFaults(typed)} set={set} />
        <Checkbox checked={typed.others} onChange={({ target }) => set({ others: target.checked })}>
          {words.others}
        </Checkbox>
      </div>
      {typed.others && <StrategyList strategies={typed.strategies} none="" onChange={(strategies) => set({ strategies })} />}
      <div className="form-actions">
        <Button type="primary" htmlType="submit" disabled={!ready}>
          {words.ask}
        </Button>
        <Button disabled={search.over === undefined && edited === null} onClick={() => (setEdited(null), onAsk({}))}>
          {words.clear}
        </Button>
      </div>
    </form>
  );
}

interface PolicyFieldsProps {
  place: Place;
  typed: TypedQuestion;
  faults: QuestionFaults;
  set: (part: Partial<TypedQuestion>) => void;
}

function PolicyFields({ place, typed, faults, set }: PolicyFieldsProps) {
  const all = usePolicyWords();
  const { whatIf: words } = all;
  const id = useId();
  const versions = useQuery(versionsQuery(place)).data ?? [];
  const number = (name: "min" | "max" | "target" | "window", label: string, limits: { min?: number; max?: number; precision?: number }) => {
    const fault = name === "min" ? undefined : faults[name];
    return (
      <div className="guard-field">
        <label htmlFor={`${id}-${name}`}>{label}</label>
        <InputNumber<number>
          id={`${id}-${name}`}
          {...saidBy(`${id}-${name}-says`, fault !== undefined)}
          {...limits}
          value={typed[name]}
          placeholder={words.asInForce}
          onChange={(value) => set({ [name]: value })}
        />
        <FaultNote id={`${id}-${name}-says`} fault={fault} />
      </div>
    );
  };
  const choice = (name: "version" | "metric" | "idle", label: string, options: readonly (readonly [string, string])[]) => (
    <div className="guard-field">
      <label htmlFor={`${id}-${name}`}>{label}</label>
      <Select
        id={`${id}-${name}`}
        value={typed[name] ?? ""}
        options={[
          { value: "", label: name === "version" ? words.busiest : words.asInForce },
          ...options.map(([value, said]) => ({ value, label: said })),
        ]}
        onChange={(value) => set({ [name]: value === "" ? null : value })}
      />
    </div>
  );
  const bound = { min: 0, max: MOST_INSTANCES, precision: 0 };
  return (
    <>
      {choice(
        "version",
        words.version,
        versions.filter(({ state }) => state !== "deleted").map(({ name }) => [name, name]),
      )}
      {number("min", all.minField, bound)}
      {number("max", all.maxField, bound)}
      {number("target", words.target, {})}
      {choice("metric", words.metric, [
        ["concurrency", words.metrics.concurrency],
        ["rps", words.metrics.rps],
      ])}
      {number("window", words.window, { precision: 0 })}
      {choice(
        "idle",
        all.idleField,
        IDLES.map((idle) => [idle, all.idles[idle]]),
      )}
    </>
  );
}

import type { Place } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import Button from "antd/es/button";
import Checkbox from "antd/es/checkbox";
import InputNumber from "antd/es/input-number";
import { useId } from "react";
import { versionsQuery } from "../../../../api/queries.ts";
import { EVERY_OVER } from "../../../../api/question.ts";
import { usePolicyWords } from "../../../../i18n/policy-words.ts";
import { Choice } from "../../../../ui/choice.tsx";
import { Select } from "../../../../ui/select.tsx";
import { FaultNote, saidBy } from "../policy/fault-note.tsx";
import { IDLES, MOST_INSTANCES } from "../policy/scaling-draft.ts";
import { StrategyList } from "../policy/strategy-list.tsx";
import { isAskable, questionFaults } from "./question-typed.ts";
import type { QuestionEdit } from "./use-question.ts";

interface QuestionFormProps {
  place: Place;
  edit: QuestionEdit;
  /** Whether strategies are in force. */
  byStrategies: boolean;
}

/** What is asked about; nothing is replayed while one types. */
export function QuestionForm({ place, edit, byStrategies }: QuestionFormProps) {
  const { whatIf: words } = usePolicyWords();
  const { search, typed, set } = edit;
  const ready = isAskable(typed);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) edit.ask();
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
        <PolicyFields place={place} edit={edit} byStrategies={byStrategies} />
        <Checkbox checked={typed.others} onChange={({ target }) => set({ others: target.checked })}>
          {words.others}
        </Checkbox>
      </div>
      {typed.others && <StrategyList strategies={typed.strategies} none="" onChange={(strategies) => set({ strategies })} />}
      <div className="form-actions">
        <Button type="primary" htmlType="submit" disabled={!ready}>
          {words.ask}
        </Button>
        <Button disabled={search.over === undefined && !edit.isEdited} onClick={edit.clear}>
          {words.clear}
        </Button>
      </div>
    </form>
  );
}

function PolicyFields({ place, edit: { typed, set }, byStrategies }: QuestionFormProps) {
  const all = usePolicyWords();
  const { whatIf: words } = all;
  const id = useId();
  const faults = questionFaults(typed);
  // Strategies count what each of them counts; those that are asked about have targets of their own, too.
  const unasked = { target: typed.others, metric: typed.others || byStrategies };
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
          disabled={name === "target" && unasked.target}
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
        disabled={name === "metric" && unasked.metric}
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

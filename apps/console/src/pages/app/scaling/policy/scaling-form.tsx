import type { Revised, ScalingPolicy } from "@ebb/api";
import { ApiError } from "@ebb/api/client";
import Alert from "antd/es/alert";
import Button from "antd/es/button";
import InputNumber from "antd/es/input-number";
import { useId } from "react";
import { useSpeech } from "../../../../i18n/language.tsx";
import { usePolicyWords } from "../../../../i18n/policy-words.ts";
import { ChangeSentences } from "../../../../ui/change-sentences.tsx";
import type { Conflict } from "../../../../ui/changed-meanwhile.tsx";
import { Refused } from "../../../../ui/refused.tsx";
import { SaveRow } from "../../../../ui/save-row.tsx";
import { Select } from "../../../../ui/select.tsx";
import { FaultNote, RefusedNote, saidBy } from "./fault-note.tsx";
import { boundsFault, DEFAULT, draftOf, IDLES, isDefault, MOST_INSTANCES, refusedPart, type Idle } from "./scaling-draft.ts";
import { scalingSays, sentencesOf, type ScalingSays, type SpeakingVersion } from "./scaling-says.ts";
import { StrategyList } from "./strategy-list.tsx";
import type { ScalingEdit } from "./use-scaling-edit.ts";

interface ScalingFormProps {
  edit: ScalingEdit;
  policy: Revised<ScalingPolicy>;
  version: SpeakingVersion;
  /** Asks what the edit would have done; absent where that cannot be asked. */
  onAsk: (() => void) | undefined;
}

/** The whole policy; what applying changes is said in words first. */
export function ScalingForm({ edit, policy, version, onAsk }: ScalingFormProps) {
  const words = usePolicyWords();
  const { format } = useSpeech();
  const { draft, next, patch, base, save, set, reload } = edit;
  const same = Object.keys(patch).length === 0;
  const says = (of: ScalingPolicy) => scalingSays(of, version, { words, format });
  const labelled = ({ min, max, by, idle }: ScalingSays) => ({ [words.min]: min, [words.max]: max, [words.by]: by, [words.idle]: idle });
  const conflict: Conflict = {
    base: labelled(says(base)),
    now: labelled(says(policy)),
    reload,
    overwrite: () => edit.overwrite(patch),
  };
  const problem = save.error instanceof ApiError ? save.error.problem : null;
  const sent = save.variables?.sent ?? null;
  const part = problem && sent && refusedPart(problem, sent);
  // Said of what was refused: what is typed since is another.
  const refused = (name: "min" | "max") => (problem !== null && part === name && draft[name] === sent?.[name] ? problem.detail : null);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!same) edit.submit(patch);
      }}
    >
      <h3>{words.edit}</h3>
      <Bounds edit={edit} version={version} refused={refused} />
      <h4>{words.strategies}</h4>
      <StrategyList
        strategies={draft.strategies}
        none={words.strategiesNone}
        refused={typeof part === "object" && part !== null && problem !== null ? { strategy: part, detail: problem.detail } : null}
        onChange={(strategies) => set({ strategies })}
      />
      <IdleField value={draft.idle} onChange={(idle) => set({ idle })} />
      <div className="plan" aria-live="polite">
        {next !== null && <ChangeSentences before={sentencesOf(says(base))} after={sentencesOf(says(next))} />}
      </div>
      <SaveRow label={words.apply} ready={!same} busy={save.isPending} edited={edit.edited !== null} onReset={reload}>
        <Button
          disabled={isDefault(draft) && (policy.problem === undefined || edit.edited !== null)}
          onClick={() => edit.setEdited(draftOf(DEFAULT))}
        >
          {words.reset}
        </Button>
        {onAsk && <Button onClick={onAsk}>{words.tryIt}</Button>}
        {next === null && <span className="bad-text">{words.incomplete}</span>}
      </SaveRow>
      <Refused of={save} conflict={conflict} />
      {save.isSuccess && edit.edited === null && <Alert type="success" showIcon title={words.applied} />}
    </form>
  );
}

interface BoundsProps {
  edit: ScalingEdit;
  version: SpeakingVersion;
  refused: (name: "min" | "max") => string | null;
}

function Bounds({ edit: { draft, set }, version: { own }, refused }: BoundsProps) {
  const words = usePolicyWords();
  const { format } = useSpeech();
  const id = useId();
  const faults = { min: null, max: boundsFault(draft) };
  const bound = (name: "min" | "max", label: string) => {
    const fault = faults[name];
    const ownBound = own[name];
    return (
      <div className="guard-field">
        <label htmlFor={`${id}-${name}`}>{label}</label>
        <InputNumber<number>
          id={`${id}-${name}`}
          {...saidBy(`${id}-${name}-says`, fault !== null || refused(name) !== null)}
          min={0}
          max={MOST_INSTANCES}
          precision={0}
          value={draft[name]}
          placeholder={ownBound === undefined ? words.asVersion : words.asVersionNumber(format.number(ownBound))}
          onChange={(value) => set({ [name]: value })}
        />
        {fault ? <FaultNote id={`${id}-${name}-says`} fault={fault} /> : <RefusedNote id={`${id}-${name}-says`} detail={refused(name)} />}
      </div>
    );
  };
  return (
    <div className="fields policy-fields scaling-fields">
      {bound("min", words.minField)}
      {bound("max", words.maxField)}
    </div>
  );
}

function IdleField({ value, onChange }: { value: Idle | null; onChange: (idle: Idle | null) => void }) {
  const words = usePolicyWords();
  const id = useId();
  const choice = value ?? "own";
  return (
    <>
      <h4>
        <label htmlFor={id}>{words.idleField}</label>
      </h4>
      <Select<Idle | "own">
        id={id}
        className="strategy-idle"
        value={choice}
        options={(["own", ...IDLES] as const).map((each) => ({ value: each, label: words.idles[each] }))}
        onChange={(next) => onChange(next === "own" ? null : next)}
      />
      <p className="faint">{words.idleHelp[choice]}</p>
    </>
  );
}

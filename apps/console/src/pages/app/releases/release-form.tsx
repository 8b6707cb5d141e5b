import type { Place, StartRelease, Version } from "@ebb/api";
import { useQueryClient } from "@tanstack/react-query";
import Button from "antd/es/button";
import Checkbox from "antd/es/checkbox";
import Input from "antd/es/input";
import InputNumber from "antd/es/input-number";
import { useId, useState } from "react";
import { client } from "../../../api/connection.ts";
import { useText } from "../../../i18n/language.tsx";
import { Refused } from "../../../ui/refused.tsx";
import { Select } from "../../../ui/select.tsx";
import { useChange } from "../use-change.ts";
import { ConditionList } from "../traffic/condition-fields.tsx";
import { conditionOf, faultOf, type DraftCondition } from "../traffic/rules-draft.ts";
import { stepsOf } from "./guard-figures.ts";

/** As the platform has them where nothing is said. */
const USUAL = { steps: "5, 25, 50, 100", pause: 300, guard: { errors: 1, ratio: 2, requests: 20, restarts: 2 } };
const GUARDS = [
  { name: "errors", min: 0, max: 100, step: 0.5, suffix: "%" },
  { name: "ratio", min: 1, max: 100, step: 0.5, suffix: "×" },
  { name: "requests", min: 0, max: 1_000_000, step: 10, suffix: null },
  { name: "restarts", min: 0, max: 1000, step: 1, suffix: null },
] as const;

interface Draft {
  /** Null: the newest that can be released. */
  version: string | null;
  steps: string;
  byHand: boolean;
  pause: number;
  guard: Guard;
  when: DraftCondition[];
}
const FRESH: Draft = { version: null, byHand: false, when: [], ...USUAL };

/** Begins a release of one of the versions, newest first. */
export function ReleaseForm({ place, versions }: { place: Place; versions: readonly Version[] }) {
  const text = useText();
  const id = useId();
  const queryClient = useQueryClient();
  const [edited, setEdited] = useState<Draft | null>(null);
  const { version, steps, byHand, pause, guard, when } = edited ?? FRESH;
  const edit = (part: Partial<Draft>) => setEdited((before) => ({ ...(before ?? FRESH), ...part }));
  const chosen = versions.find(({ name }) => name === version)?.name ?? versions[0]?.name ?? "";
  const percents = stepsOf(steps);
  const complete = percents !== null && when.every((condition) => faultOf(condition) === null);
  const {
    change: start,
    conflict,
    submit,
  } = useChange({
    place,
    send: (body: StartRelease, on) => client.startRelease(place, body, on),
    editing: edited !== null,
    onSuccess: () => queryClient.invalidateQueries(),
    onReload: () => setEdited(null),
  });
  const wanted = (): StartRelease => ({
    version: chosen,
    ...(percents === null ? {} : { steps: percents }),
    pauseSeconds: byHand ? null : pause,
    guard: {
      maxErrorRate: guard.errors / 100,
      maxP95Ratio: guard.ratio,
      minRequests: guard.requests,
      maxRestarts: guard.restarts,
    },
    ...(when.length === 0 ? {} : { when: when.map(conditionOf) }),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (complete) submit(wanted());
      }}
    >
      <p className="faint">{text.releases.intro}</p>
      <div className="fields">
        <label htmlFor={`${id}-version`}>{text.common.version}</label>
        <Select
          id={`${id}-version`}
          className="wide-select"
          value={chosen}
          options={versions.map(({ name, percent }) => ({ value: name, label: percent > 0 ? `${name} · ${percent} %` : name }))}
          onChange={(next) => edit({ version: next })}
        />
        <label htmlFor={`${id}-steps`}>{text.releases.stepsLabel}</label>
        <Input
          id={`${id}-steps`}
          value={steps}
          status={percents === null ? "error" : ""}
          onChange={(event) => edit({ steps: event.target.value })}
        />
        {percents === null && <p className="bad-text">{text.releases.badSteps}</p>}
        <label htmlFor={`${id}-pause`}>{text.releases.pauseLabel}</label>
        <InputNumber<number>
          id={`${id}-pause`}
          min={1}
          max={86_400}
          precision={0}
          value={pause}
          disabled={byHand}
          onChange={(value) => edit({ pause: value ?? USUAL.pause })}
        />
        <Checkbox checked={byHand} onChange={(event) => edit({ byHand: event.target.checked })}>
          {text.releases.byHand}
        </Checkbox>
      </div>
      <fieldset className="plain">
        <legend>{text.releases.testers}</legend>
        <ConditionList label={text.releases.testersLabel} conditions={when} onChange={(next) => edit({ when: next })} mayBeEmpty />
      </fieldset>
      <GuardFields id={id} guard={guard} onChange={(next) => edit({ guard: next })} />
      <div className="form-actions">
        <Button type="primary" htmlType="submit" loading={start.isPending} disabled={!complete}>
          {text.releases.start(chosen)}
        </Button>
      </div>
      <Refused of={start} conflict={conflict} />
    </form>
  );
}

type Guard = typeof USUAL.guard;

function GuardFields({ id, guard, onChange }: { id: string; guard: Guard; onChange: (guard: Guard) => void }) {
  const text = useText();
  return (
    <details>
      <summary>{text.releases.guard}</summary>
      <div className="fields">
        {GUARDS.map(({ name, suffix, ...limits }) => (
          <div key={name} className="guard-field">
            <label htmlFor={`${id}-${name}`}>{text.releases.guards[name]}</label>
            <InputNumber<number>
              id={`${id}-${name}`}
              {...limits}
              suffix={suffix}
              value={guard[name]}
              onChange={(value) => onChange({ ...guard, [name]: value ?? USUAL.guard[name] })}
            />
          </div>
        ))}
      </div>
    </details>
  );
}

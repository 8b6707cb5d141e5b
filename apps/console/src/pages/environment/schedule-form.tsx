import type { Environment, OnRequest, Revised, Schedule } from "@ebb/api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useId, useState } from "react";
import { client } from "../../api/connection.ts";
import { keys } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import type { Conflict } from "../../ui/changed-meanwhile.tsx";
import { Choice } from "../../ui/choice.tsx";
import { browserZone } from "../../ui/local-time.ts";
import { Refused } from "../../ui/refused.tsx";
import { useBase } from "../../ui/use-base.ts";
import { ZoneInput } from "../../ui/zone-input.tsx";
import { ScheduleTimes } from "./schedule-times.tsx";

const USUAL: Schedule = {
  timeZone: browserZone,
  sleep: ["0 20 * * 1-5"],
  wake: ["0 7 * * 1-5"],
  onRequest: "wake",
};

/** As it is typed: times a line each. */
interface Typed {
  sleep: string;
  wake: string;
  timeZone: string;
  onRequest: OnRequest;
}

const typedOf = ({ sleep, wake, timeZone, onRequest }: Schedule): Typed => ({
  sleep: sleep.join("\n"),
  wake: wake.join("\n"),
  timeZone,
  onRequest,
});

const scheduleOf = ({ sleep, wake, timeZone, onRequest }: Typed): Schedule => ({
  timeZone: timeZone.trim(),
  sleep: linesOf(sleep),
  wake: linesOf(wake),
  onRequest,
});

const linesOf = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** When the environment falls asleep and wakes by itself. */
export function ScheduleForm({ environment, readOnly }: { environment: Revised<Environment>; readOnly: boolean }) {
  const text = useText();
  const queryClient = useQueryClient();
  const { team, name, schedule } = environment;
  const [typed, setTyped] = useState<Typed | null>(null);
  const { base } = useBase(environment, typed !== null);
  const save = useMutation({
    mutationFn: ({ next, ifMatch }: { next: Schedule | null; ifMatch: string }) =>
      client.patchEnvironment(team, name, { schedule: next }, { ifMatch }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.teams });
      setTyped(null);
    },
  });
  const reload = () => {
    setTyped(null);
    save.reset();
  };
  const conflict: Conflict = {
    base: { schedule: base.schedule },
    now: { schedule },
    reload,
    overwrite: () => save.variables && save.mutate({ ...save.variables, ifMatch: environment.revision }),
  };
  return (
    <>
      <p className="faint">{text.environments.scheduleHelp}</p>
      {schedule === null && typed === null ? (
        <>
          <p>{text.environments.noSchedule}</p>
          {!readOnly && <Button onClick={() => setTyped(typedOf(USUAL))}>{text.environments.addSchedule}</Button>}
        </>
      ) : (
        <ScheduleFields
          typed={typed ?? typedOf(schedule ?? USUAL)}
          readOnly={readOnly}
          busy={save.isPending}
          onType={setTyped}
          onSave={(next) => save.mutate({ next, ifMatch: base.revision })}
          onRemove={() => (schedule === null ? setTyped(null) : save.mutate({ next: null, ifMatch: base.revision }))}
        />
      )}
      <Refused of={save} conflict={conflict} />
    </>
  );
}

interface ScheduleFieldsProps {
  typed: Typed;
  readOnly: boolean;
  busy: boolean;
  onType: (typed: Typed) => void;
  onSave: (schedule: Schedule) => void;
  onRemove: () => void;
}

function ScheduleFields({ typed, readOnly, busy, onType, onSave, onRemove }: ScheduleFieldsProps) {
  const { environments: text } = useText();
  const id = useId();
  const next = scheduleOf(typed);
  const ready = next.timeZone !== "" && next.sleep.length > 0 && next.wake.length > 0;
  const times = (field: "sleep" | "wake", label: string) => (
    <>
      <label htmlFor={`${id}-${field}`}>{label}</label>
      <Input.TextArea
        id={`${id}-${field}`}
        value={typed[field]}
        autoSize
        disabled={readOnly}
        spellCheck={false}
        onChange={({ target }) => onType({ ...typed, [field]: target.value })}
      />
    </>
  );
  return (
    <form
      className="fields"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) onSave(next);
      }}
    >
      {times("sleep", text.sleepTimes)}
      {times("wake", text.wakeTimes)}
      <p className="faint">{text.timesHelp}</p>
      <label htmlFor={`${id}-zone`}>{text.timeZone}</label>
      <ZoneInput id={`${id}-zone`} value={typed.timeZone} disabled={readOnly} onChange={(timeZone) => onType({ ...typed, timeZone })} />
      {ready && <ScheduleTimes schedule={next} />}
      <b>{text.onRequest}</b>
      {readOnly ? (
        <span>{text.onRequests[typed.onRequest]}</span>
      ) : (
        <>
          <Choice
            label={`${text.schedule}: ${text.onRequest}`}
            value={typed.onRequest}
            options={[
              ["wake", text.onRequests.wake],
              ["refuse", text.onRequests.refuse],
            ]}
            onChange={(onRequest) => onType({ ...typed, onRequest })}
          />
          <div className="form-actions">
            <Button type="primary" htmlType="submit" disabled={!ready} loading={busy}>
              {text.saveSchedule}
            </Button>
            <Button onClick={onRemove}>{text.noScheduleButton}</Button>
          </div>
        </>
      )}
    </form>
  );
}

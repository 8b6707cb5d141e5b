import type { Environment, OnRequest, Schedule } from "@ebb/api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useId, useState } from "react";
import { client } from "../../api/connection.ts";
import { keys } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Choice } from "../../ui/choice.tsx";
import { Refused } from "../../ui/refused.tsx";

const USUAL: Schedule = {
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  sleep: ["0 20 * * 1-5"],
  wake: ["0 7 * * 1-5"],
  onRequest: "wake",
};

const linesOf = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** When the environment falls asleep and wakes by itself. */
export function ScheduleForm({ environment, readOnly }: { environment: Environment; readOnly: boolean }) {
  const text = useText();
  const queryClient = useQueryClient();
  const { team, name, schedule } = environment;
  const [adding, setAdding] = useState(false);
  const save = useMutation({
    mutationFn: (next: Schedule | null) => client.patchEnvironment(team, name, { schedule: next }),
    onSuccess: () => setAdding(false),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.teams }),
  });
  return (
    <>
      <p className="faint">{text.environments.scheduleHelp}</p>
      {schedule === null && !adding ? (
        <>
          <p>{text.environments.noSchedule}</p>
          {!readOnly && <Button onClick={() => setAdding(true)}>{text.environments.addSchedule}</Button>}
        </>
      ) : (
        <ScheduleFields
          key={JSON.stringify(schedule)}
          schedule={schedule ?? USUAL}
          readOnly={readOnly}
          busy={save.isPending}
          onSave={(next) => save.mutate(next)}
          onRemove={() => (schedule === null ? setAdding(false) : save.mutate(null))}
        />
      )}
      <Refused of={save} />
    </>
  );
}

interface ScheduleFieldsProps {
  schedule: Schedule;
  readOnly: boolean;
  busy: boolean;
  onSave: (schedule: Schedule) => void;
  onRemove: () => void;
}

function ScheduleFields({ schedule, readOnly, busy, onSave, onRemove }: ScheduleFieldsProps) {
  const text = useText();
  const id = useId();
  const [sleep, setSleep] = useState(schedule.sleep.join("\n"));
  const [wake, setWake] = useState(schedule.wake.join("\n"));
  const [timeZone, setTimeZone] = useState(schedule.timeZone);
  const [onRequest, setOnRequest] = useState<OnRequest>(schedule.onRequest);
  const next = { timeZone: timeZone.trim(), sleep: linesOf(sleep), wake: linesOf(wake), onRequest };
  const ready = next.timeZone !== "" && next.sleep.length > 0 && next.wake.length > 0;
  return (
    <form
      className="fields"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) onSave(next);
      }}
    >
      <label htmlFor={`${id}-sleep`}>{text.environments.sleepTimes}</label>
      <Input.TextArea
        id={`${id}-sleep`}
        value={sleep}
        autoSize
        disabled={readOnly}
        spellCheck={false}
        onChange={(event) => setSleep(event.target.value)}
      />
      <label htmlFor={`${id}-wake`}>{text.environments.wakeTimes}</label>
      <Input.TextArea
        id={`${id}-wake`}
        value={wake}
        autoSize
        disabled={readOnly}
        spellCheck={false}
        onChange={(event) => setWake(event.target.value)}
      />
      <p className="faint">{text.environments.timesHelp}</p>
      <label htmlFor={`${id}-zone`}>{text.environments.timeZone}</label>
      <Input
        id={`${id}-zone`}
        value={timeZone}
        disabled={readOnly}
        spellCheck={false}
        onChange={(event) => setTimeZone(event.target.value)}
      />
      <b>{text.environments.onRequest}</b>
      {readOnly ? (
        <span>{text.environments.onRequests[onRequest]}</span>
      ) : (
        <>
          <Choice
            label={`${text.environments.schedule}: ${text.environments.onRequest}`}
            value={onRequest}
            options={[
              ["wake", text.environments.onRequests.wake],
              ["refuse", text.environments.onRequests.refuse],
            ]}
            onChange={setOnRequest}
          />
          <div className="form-actions">
            <Button type="primary" htmlType="submit" disabled={!ready} loading={busy}>
              {text.environments.saveSchedule}
            </Button>
            <Button onClick={onRemove}>{text.environments.noScheduleButton}</Button>
          </div>
        </>
      )}
    </form>
  );
}

import type { Environment, Freeze, Revised } from "@ebb/api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Button from "antd/es/button";
import Input from "antd/es/input";
import InputNumber from "antd/es/input-number";
import { useId, useState } from "react";
import { client } from "../../api/connection.ts";
import { keys } from "../../api/queries.ts";
import { useFormat, useText } from "../../i18n/language.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Choice } from "../../ui/choice.tsx";
import type { Conflict } from "../../ui/changed-meanwhile.tsx";
import { cronTimes } from "../../ui/cron-times.ts";
import { browserZone } from "../../ui/local-time.ts";
import { Refused } from "../../ui/refused.tsx";
import { useNow } from "../../ui/use-now.ts";

interface Change {
  act: (freezes: readonly Freeze[]) => Freeze[];
  /** What it is done to. */
  on: Revised<Environment>;
}

/** When nothing in the environment may be changed: those that there are, and one more. */
export function Freezes({ environment, readOnly }: { environment: Revised<Environment>; readOnly: boolean }) {
  const text = useText();
  const format = useFormat();
  const queryClient = useQueryClient();
  const { team, name, freezes } = environment;
  const save = useMutation({
    mutationFn: ({ act, on }: Change) => client.patchEnvironment(team, name, { freezes: act(on.freezes) }, { ifMatch: on.revision }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.teams }),
  });
  const asked = save.variables;
  const conflict: Conflict = {
    base: { freezes: asked?.on.freezes },
    now: { freezes },
    reload: () => save.reset(),
    overwrite: () => asked && save.mutate({ act: asked.act, on: environment }),
  };
  const change = (act: Change["act"]) => save.mutate({ act, on: environment });
  const when = (freeze: Freeze) =>
    "cron" in freeze
      ? text.environments.every(freeze.cron, format.span(freeze.minutes * 60), freeze.timeZone)
      : text.environments.between(format.dateTime(freeze.from), format.dateTime(freeze.to));
  return (
    <>
      <p className="faint">{text.environments.freezesHelp}</p>
      {freezes.length === 0 ? (
        <p>{text.environments.noFreezes}</p>
      ) : (
        <ul className="rows">
          {freezes.map((freeze, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- freezes have no name, and two may be the same
            <li key={index}>
              <b>{freeze.why}</b>
              <span>{when(freeze)}</span>
              {!readOnly && (
                <Confirm
                  title={text.environments.liftConfirm(freeze.why)}
                  okText={text.environments.lift}
                  onConfirm={() => change((list) => list.filter((other) => JSON.stringify(other) !== JSON.stringify(freeze)))}
                >
                  <Button size="small" danger className="row-action" aria-label={`${text.environments.lift}: ${freeze.why}`}>
                    {text.environments.lift}
                  </Button>
                </Confirm>
              )}
            </li>
          ))}
        </ul>
      )}
      {!readOnly && <AddFreeze key={freezes.length} busy={save.isPending} onAdd={(freeze) => change((list) => [...list, freeze])} />}
      <Refused of={save} conflict={conflict} />
    </>
  );
}

function AddFreeze({ busy, onAdd }: { busy: boolean; onAdd: (freeze: Freeze) => void }) {
  const text = useText();
  const id = useId();
  const [kind, setKind] = useState<"once" | "repeated">("once");
  const [why, setWhy] = useState("");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const [cron, setCron] = useState("0 18 * * 5");
  const [hours, setHours] = useState(60);
  const once = from !== "" && to > from;
  const ready = why.trim() !== "" && (kind === "repeated" ? cron.trim().split(/\s+/).length === 5 : once);
  const add = () => {
    if (kind === "once") onAdd({ why: why.trim(), from: new Date(from).toISOString(), to: new Date(to).toISOString() });
    else onAdd({ why: why.trim(), cron: cron.trim(), minutes: hours * 60, timeZone: browserZone });
  };
  return (
    <details>
      <summary>{text.environments.addFreeze}</summary>
      <form
        className="fields"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) add();
        }}
      >
        <Choice
          label={text.environments.addFreeze}
          value={kind}
          options={[
            ["once", text.environments.once],
            ["repeated", text.environments.repeated],
          ]}
          onChange={setKind}
        />
        <label htmlFor={`${id}-why`}>{text.environments.why}</label>
        <Input id={`${id}-why`} value={why} maxLength={200} onChange={(event) => setWhy(event.target.value)} />
        {kind === "once" ? (
          <>
            <label htmlFor={`${id}-from`}>{text.environments.from}</label>
            <Input id={`${id}-from`} type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} />
            <label htmlFor={`${id}-to`}>{text.environments.to}</label>
            <Input id={`${id}-to`} type="datetime-local" value={to} onChange={(event) => setTo(event.target.value)} />
          </>
        ) : (
          <>
            <label htmlFor={`${id}-cron`}>{text.environments.begins}</label>
            <Input id={`${id}-cron`} value={cron} spellCheck={false} onChange={(event) => setCron(event.target.value)} />
            <p className="faint">{text.environments.cronHelp(browserZone)}</p>
            <NextFreeze cron={cron} hours={hours} />
            <label htmlFor={`${id}-hours`}>{text.environments.hours}</label>
            <InputNumber<number>
              id={`${id}-hours`}
              min={1}
              max={744}
              precision={0}
              value={hours}
              onChange={(value) => setHours(value ?? 1)}
            />
          </>
        )}
        <Button htmlType="submit" disabled={!ready} loading={busy}>
          {text.environments.addFreeze}
        </Button>
      </form>
    </details>
  );
}

/** When a repeated freeze would hold next. */
function NextFreeze({ cron, hours }: { cron: string; hours: number }) {
  const { environments: text } = useText();
  const format = useFormat();
  const now = useNow(60_000);
  const times = cronTimes(cron.trim(), { timeZone: browserZone, now, count: 1 });
  if ("fault" in times) {
    return (
      <p className="bad-text" role="status">
        {text.badTime(cron)} <span lang="en">{times.fault}</span>
      </p>
    );
  }
  return times.at.map((from) => {
    const to = new Date(Date.parse(from) + hours * 3_600_000).toISOString();
    return <p key={from}>{text.nextFreeze(format.inZone(from, browserZone), format.inZone(to, browserZone))}</p>;
  });
}

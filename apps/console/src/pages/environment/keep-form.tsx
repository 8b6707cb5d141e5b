import type { Environment, PatchEnvironment, Revised } from "@ebb/api";
import { useQueryClient } from "@tanstack/react-query";
import InputNumber from "antd/es/input-number";
import { useId } from "react";
import { client } from "../../api/connection.ts";
import { keys } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Refused } from "../../ui/refused.tsx";
import { SaveRow } from "../../ui/save-row.tsx";
import { useEdit } from "../../ui/use-edit.ts";

type Keep = Environment["versions"];

/** How many versions of each app an environment keeps, and how old ones. */
export function KeepForm({ environment, readOnly }: { environment: Revised<Environment>; readOnly: boolean }) {
  const text = useText();
  const id = useId();
  const queryClient = useQueryClient();
  const edit = useEdit<Keep, PatchEnvironment, Revised<Environment>>(environment, async (patch, on) => {
    const after = await client.patchEnvironment(environment.team, environment.name, patch, on);
    await queryClient.invalidateQueries({ queryKey: keys.teams });
    return after;
  });
  const current = edit.base.versions;
  const draft = edit.edited ?? current;
  const ready = draft.keep !== current.keep || draft.days !== current.days;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) edit.submit({ versions: draft });
      }}
    >
      <p className="faint">{text.kept.text}</p>
      <div className="fields">
        <label htmlFor={`${id}-keep`}>{text.kept.last}</label>
        <InputNumber<number>
          id={`${id}-keep`}
          min={10}
          max={1000}
          precision={0}
          value={draft.keep}
          disabled={readOnly}
          onChange={(keep) => edit.setEdited({ ...draft, keep: keep ?? current.keep })}
        />
        <label htmlFor={`${id}-days`}>{text.kept.days}</label>
        <InputNumber<number>
          id={`${id}-days`}
          min={1}
          max={3650}
          precision={0}
          value={draft.days}
          disabled={readOnly}
          onChange={(days) => edit.setEdited({ ...draft, days })}
        />
      </div>
      {!readOnly && (
        <SaveRow label={text.kept.save} ready={ready} busy={edit.save.isPending} edited={edit.edited !== null} onReset={edit.reload} />
      )}
      <Refused
        of={edit.save}
        conflict={{
          base: current,
          now: environment.versions,
          reload: edit.reload,
          overwrite: () => edit.overwrite({ versions: draft }),
        }}
      />
    </form>
  );
}

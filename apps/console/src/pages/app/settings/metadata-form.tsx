import type { App, PatchApp, Revised } from "@ebb/api";
import { useQueryClient } from "@tanstack/react-query";
import Input from "antd/es/input";
import { Fragment, useId } from "react";
import { client } from "../../../api/connection.ts";
import { keys } from "../../../api/queries.ts";
import { useText } from "../../../i18n/language.tsx";
import { Refused } from "../../../ui/refused.tsx";
import { SaveRow } from "../../../ui/save-row.tsx";
import { useEdit } from "../../../ui/use-edit.ts";
import { badLabel, draftOf, patchOf, WORDS, type MetadataDraft } from "./metadata-draft.ts";

/** What a company wants to know of an app. */
export function MetadataForm({ app, readOnly }: { app: Revised<App>; readOnly: boolean }) {
  const text = useText();
  const id = useId();
  const queryClient = useQueryClient();
  const edit = useEdit<MetadataDraft, PatchApp, Revised<App>>(app, async (patch, on) => {
    const after = await client.patchApp(app.name, patch, on);
    await queryClient.invalidateQueries({ queryKey: keys.app(app.name) });
    return after;
  });
  const current = draftOf(edit.base);
  const draft = edit.edited ?? current;
  const patch = patchOf(current, draft);
  const bad = badLabel(draft);
  const ready = Object.keys(patch).length > 0 && bad === undefined;
  const set = (part: Partial<MetadataDraft>) => edit.setEdited({ ...draft, ...part });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) edit.submit(patch);
      }}
    >
      <div className="fields">
        {WORDS.map((field) => (
          <Fragment key={field}>
            <label htmlFor={`${id}-${field}`}>{text.settings[field]}</label>
            <Input
              id={`${id}-${field}`}
              value={draft[field]}
              maxLength={1000}
              disabled={readOnly}
              placeholder={text.settings.nobody}
              onChange={(event) => set({ [field]: event.target.value })}
            />
          </Fragment>
        ))}
        {(["contacts", "labels"] as const).map((field) => (
          <Fragment key={field}>
            <label htmlFor={`${id}-${field}`}>{text.settings[field]}</label>
            <Input.TextArea
              id={`${id}-${field}`}
              value={draft[field]}
              rows={3}
              disabled={readOnly}
              spellCheck={false}
              onChange={(event) => set({ [field]: event.target.value })}
            />
          </Fragment>
        ))}
        {bad !== undefined && <p className="bad-text">{text.settings.badLabel(bad)}</p>}
      </div>
      {readOnly ? (
        <p className="faint">{text.settings.readOnly}</p>
      ) : (
        <SaveRow label={text.settings.save} ready={ready} busy={edit.save.isPending} edited={edit.edited !== null} onReset={edit.reload} />
      )}
      <Refused
        of={edit.save}
        conflict={{
          base: current,
          now: draftOf(app),
          reload: edit.reload,
          overwrite: () => edit.overwrite(patch),
        }}
      />
    </form>
  );
}

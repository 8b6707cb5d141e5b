import type { Place, PutRepository, Repository, Revised } from "@ebb/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import Checkbox from "antd/es/checkbox";
import Input from "antd/es/input";
import InputNumber from "antd/es/input-number";
import { useId } from "react";
import { client } from "../../../api/connection.ts";
import { keys } from "../../../api/queries.ts";
import { environmentsQuery } from "../../../api/team-queries.ts";
import { useText } from "../../../i18n/language.tsx";
import { Blank } from "../../../ui/page.tsx";
import { Refused } from "../../../ui/refused.tsx";
import { SaveRow } from "../../../ui/save-row.tsx";
import { useEdit } from "../../../ui/use-edit.ts";
import { BranchRules } from "./branch-rules.tsx";
import { DeployNow } from "./deploy-now.tsx";
import { bodyOf, draftOf, isComplete, isSame, type RepositoryDraft } from "./repository-draft.ts";

interface RepositoryFormProps {
  place: Place;
  team: string;
  repository: Revised<Repository>;
  readOnly: boolean;
}

/** Which repository it is, and where pushes go. */
export function RepositoryForm({ place, team, repository, readOnly }: RepositoryFormProps) {
  const text = useText();
  const id = useId();
  const environments = useQuery({ ...environmentsQuery(team), enabled: team !== "" }).data ?? [];
  const linked = repository.url !== "";
  const edit = useRepositoryEdit(place, repository);
  const current = draftOf(edit.base);
  const draft = edit.edited ?? current;
  const ready = isComplete(draft) && !isSame(draft, current);
  const set = (part: Partial<RepositoryDraft>) => edit.setEdited({ ...draft, ...part });
  if (!linked && readOnly) return <Blank>{`${text.git.none} ${text.git.readOnly}`}</Blank>;
  return (
    <>
      {linked ? <DeployNow place={place} /> : <p className="faint">{text.git.none}</p>}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) edit.submit(bodyOf(draft));
        }}
      >
        <div className="fields">
          <label htmlFor={`${id}-url`}>{text.git.url}</label>
          <Input
            id={`${id}-url`}
            value={draft.url}
            disabled={readOnly}
            spellCheck={false}
            placeholder="https://github.com/acme/shop"
            onChange={(event) => set({ url: event.target.value.trim() })}
          />
          <label htmlFor={`${id}-folder`}>{text.git.folder}</label>
          <Input
            id={`${id}-folder`}
            value={draft.folder}
            disabled={readOnly}
            spellCheck={false}
            onChange={(event) => set({ folder: event.target.value })}
          />
          <p className="faint">{text.git.folderHelp}</p>
          <BranchRules
            rules={draft.rules}
            environments={environments.filter(({ preview }) => preview === null).map(({ name }) => name)}
            readOnly={readOnly}
            onChange={(rules) => set({ rules })}
          />
          <Checkbox checked={draft.previews} disabled={readOnly} onChange={(event) => set({ previews: event.target.checked })}>
            {text.git.previews}
          </Checkbox>
          {draft.previews && (
            <>
              <label htmlFor={`${id}-hours`}>{text.git.previewHours}</label>
              <InputNumber<number>
                id={`${id}-hours`}
                min={1}
                max={720}
                value={draft.previewHours}
                disabled={readOnly}
                onChange={(hours) => set({ previewHours: hours ?? 1 })}
              />
            </>
          )}
        </div>
        {readOnly ? (
          <p className="faint">{text.git.readOnly}</p>
        ) : (
          <SaveRow
            label={linked ? text.git.save : text.git.link}
            ready={ready}
            busy={edit.save.isPending}
            edited={edit.edited !== null}
            onReset={edit.reload}
          />
        )}
        <Refused
          of={edit.save}
          conflict={{
            base: draftOf(edit.base),
            now: draftOf(repository),
            reload: edit.reload,
            overwrite: () => edit.overwrite(bodyOf(draft)),
          }}
        />
      </form>
    </>
  );
}

function useRepositoryEdit({ app }: Place, repository: Revised<Repository>) {
  const queryClient = useQueryClient();
  return useEdit<RepositoryDraft, PutRepository, Revised<Repository>>(repository, async (body, on) => {
    const after = await client.putRepository(app, body, on);
    await queryClient.invalidateQueries({ queryKey: keys.app(app) });
    return after;
  });
}

import type { Environment, MemberRole, PatchEnvironment, Revised } from "@ebb/api";
import { useQueryClient } from "@tanstack/react-query";
import Checkbox from "antd/es/checkbox";
import InputNumber from "antd/es/input-number";
import { useId } from "react";
import { client } from "../../api/connection.ts";
import { keys } from "../../api/queries.ts";
import { ROLES } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import type { Conflict } from "../../ui/changed-meanwhile.tsx";
import { Refused } from "../../ui/refused.tsx";
import { SaveRow } from "../../ui/save-row.tsx";
import { Select } from "../../ui/select.tsx";
import { useEdit } from "../../ui/use-edit.ts";
import { changedFields, draftOf, patchOf, type PolicyDraft } from "./policy-draft.ts";

const NUMBERS = [
  { field: "approvals", min: 0, max: 2 },
  { field: "min", min: 0, max: 1000 },
  { field: "max", min: 0, max: 1000 },
  { field: "maxInstances", min: 0, max: 1000 },
  { field: "order", min: 0, max: 1000 },
] as const;

/** What is typed, on which revision of the environment, and how it is sent. */
function usePolicyEdit(environment: Revised<Environment>) {
  const queryClient = useQueryClient();
  const edit = useEdit<PolicyDraft, PatchEnvironment, Revised<Environment>>(environment, async (patch, on) => {
    const after = await client.patchEnvironment(environment.team, environment.name, patch, on);
    await queryClient.invalidateQueries({ queryKey: keys.teams });
    return after;
  });
  const { edited, setEdited, base, save, reload } = edit;
  const current = draftOf(base);
  const draft = edited ?? current;
  const changes = changedFields(current, draft);
  const set = (part: Partial<PolicyDraft>) => setEdited({ ...draft, ...part });
  const conflict: Conflict = {
    base: current,
    now: draftOf(environment),
    reload,
    overwrite: () => {
      // What somebody else has changed stays: mine is laid over it.
      setEdited({ ...draftOf(environment), ...Object.fromEntries(changes.map((field) => [field, draft[field]])) });
      edit.overwrite(patchOf(current, draft));
    },
  };
  const submit = () => {
    if (changes.length > 0) edit.submit(patchOf(current, draft));
  };
  return { current, draft, edited, changes, set, reload, save, conflict, submit };
}

/** Who may do what in an environment, and what its apps begin with. */
export function PolicyForm({ environment, readOnly }: { environment: Revised<Environment>; readOnly: boolean }) {
  const text = useText();
  const id = useId();
  const { current, draft, edited, changes, set, reload, save, conflict, submit } = usePolicyEdit(environment);
  const { fields } = text.environments;
  const role = (field: "deployRole" | "releaseRole") => (
    <div className="guard-field">
      <label htmlFor={`${id}-${field}`}>{fields[field]}</label>
      <Select<MemberRole>
        id={`${id}-${field}`}
        value={draft[field]}
        disabled={readOnly}
        options={ROLES.map((value) => ({ value, label: text.teams.roles[value] }))}
        onChange={(value) => set({ [field]: value })}
      />
    </div>
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className="fields policy-fields">
        {role("deployRole")}
        {role("releaseRole")}
        {NUMBERS.map(({ field, ...limits }) => (
          <div key={field} className="guard-field">
            <label htmlFor={`${id}-${field}`}>{fields[field]}</label>
            <InputNumber<number>
              id={`${id}-${field}`}
              {...limits}
              precision={0}
              value={draft[field]}
              disabled={readOnly}
              onChange={(value) => set({ [field]: value ?? 0 })}
            />
          </div>
        ))}
        <div className="guard-field">
          <label htmlFor={`${id}-idle`}>{fields.idleSeconds}</label>
          <InputNumber<number>
            id={`${id}-idle`}
            min={6}
            max={3600}
            precision={0}
            value={draft.idleSeconds}
            placeholder={text.environments.ownIdle}
            disabled={readOnly}
            onChange={(value) => set({ idleSeconds: value })}
          />
        </div>
        <Checkbox checked={draft.warm} disabled={readOnly} onChange={(event) => set({ warm: event.target.checked })}>
          {fields.warm}
        </Checkbox>
        {draft.approvals > 0 && (
          <Checkbox checked={draft.rollbacksWait} disabled={readOnly} onChange={(event) => set({ rollbacksWait: event.target.checked })}>
            {fields.rollbacksWait}
          </Checkbox>
        )}
      </div>
      <Changes from={current} to={draft} />
      {!readOnly && (
        <SaveRow
          label={text.environments.save}
          ready={changes.length > 0}
          busy={save.isPending}
          edited={edited !== null}
          onReset={reload}
        />
      )}
      <Refused of={save} conflict={conflict} />
    </form>
  );
}

/** What saving would change, before it does. */
function Changes({ from, to }: { from: PolicyDraft; to: PolicyDraft }) {
  const text = useText();
  const { roles } = text.teams;
  const words = (value: PolicyDraft[keyof PolicyDraft]): string => {
    if (value === null) return text.environments.ownIdle;
    if (typeof value === "boolean") return value ? text.environments.yes : text.environments.no;
    return typeof value === "number" ? String(value) : roles[value];
  };
  return (
    <ul className="changes" aria-live="polite">
      {changedFields(from, to).map((field) => (
        <li key={field}>
          {text.environments.fields[field]}: <b>{`${words(from[field])} → ${words(to[field])}`}</b>
        </li>
      ))}
    </ul>
  );
}

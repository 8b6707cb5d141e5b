import type { GuardInForce, PatchTrafficPolicy, Place, Revised } from "@ebb/api";
import { useQueryClient } from "@tanstack/react-query";
import Alert from "antd/es/alert";
import { client } from "../../../api/connection.ts";
import { trafficPolicyQuery } from "../../../api/queries.ts";
import { useSpeech, useText } from "../../../i18n/language.tsx";
import type { Conflict } from "../../../ui/changed-meanwhile.tsx";
import { Refused } from "../../../ui/refused.tsx";
import { SaveRow } from "../../../ui/save-row.tsx";
import { useEdit } from "../../../ui/use-edit.ts";
import { AccessList } from "./access-list.tsx";
import { draftOf, isSound, patchOf, policyOf, type GuardDraft } from "./guard-draft.ts";
import { GuardPreview } from "./guard-preview.tsx";
import { guardWords } from "./guard-words.ts";
import { InstanceFields } from "./instance-fields.tsx";
import { LimitList } from "./limit-list.tsx";

interface GuardFormProps {
  place: Place;
  policy: Revised<GuardInForce>;
  readOnly: boolean;
}

/** The whole policy; what applying changes is said in words first. */
export function GuardForm({ place, policy, readOnly }: GuardFormProps) {
  const { text, format } = useSpeech();
  const { guard } = text;
  const queryClient = useQueryClient();
  const edit = useEdit<GuardDraft, PatchTrafficPolicy, Revised<GuardInForce>>(policy, async (next, on) => {
    const after = await client.patchTrafficPolicy(place, next, on);
    queryClient.setQueryData(trafficPolicyQuery(place).queryKey, after);
    return after;
  });
  const { edited, setEdited, base, save, reload } = edit;
  const draft = edited ?? draftOf(policy);
  const sound = isSound(draft);
  const patch = sound ? patchOf(base, policyOf(draft)) : {};
  const same = Object.keys(patch).length === 0;
  const set = (part: Partial<GuardDraft>) => setEdited({ ...draft, ...part });
  const conflict: Conflict = {
    base: guardWords(base, text, format),
    now: guardWords(policy, text, format),
    reload,
    overwrite: () => edit.overwrite(patch),
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!same) edit.submit(patch);
      }}
    >
      <p className="faint">{guard.intro}</p>
      <Enforcement of={policy.enforcement} />
      <h3>{guard.who}</h3>
      <AccessList
        title={guard.deny}
        none={guard.denyNone}
        add={guard.addDeny}
        entries={draft.deny}
        readOnly={readOnly}
        onChange={(deny) => set({ deny })}
      />
      <AccessList
        title={guard.allow}
        none={guard.allowNone}
        add={guard.addAllow}
        entries={draft.allow}
        readOnly={readOnly}
        onChange={(allow) => set({ allow })}
      />
      {draft.allow.length > 0 && <p className="faint">{guard.allowHelp}</p>}
      <h3>{guard.limits}</h3>
      <LimitList limits={draft.rateLimits} readOnly={readOnly} onChange={(rateLimits) => set({ rateLimits })} />
      <h3>{guard.instances}</h3>
      <InstanceFields draft={draft} readOnly={readOnly} onChange={set} />
      <GuardPreview before={base} after={sound ? policyOf(draft) : null} />
      {!readOnly && (
        <SaveRow label={guard.apply} ready={!same && sound} busy={save.isPending} edited={edited !== null} onReset={reload}>
          {!sound && <span className="bad-text">{guard.incomplete}</span>}
        </SaveRow>
      )}
      <Refused of={save} conflict={conflict} />
      {save.isSuccess && edited === null && <Alert type="success" showIcon title={guard.applied} />}
    </form>
  );
}

/** Where all of it holds as asked there is nothing to say. */
function Enforcement({ of }: { of: GuardInForce["enforcement"] }) {
  const { guard } = useText();
  if (of === null) return <Alert type="warning" showIcon title={guard.nobody} />;
  if (of.missing.length === 0) return null;
  const parts = of.missing.map(({ part, why }) => <li key={`${part} ${why}`}>{why}</li>);
  return <Alert type="warning" showIcon title={guard.byIstio} description={<ul>{parts}</ul>} />;
}

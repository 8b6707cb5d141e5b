import PlusOutlined from "@ant-design/icons/PlusOutlined";
import type { ChangeOptions, ConfigurationLayer, ConfigurationPatch, ConfigurationPlan, Place } from "@ebb/api";
import { useMutation } from "@tanstack/react-query";
import Button from "antd/es/button";
import { useState, type ComponentType } from "react";
import { useText } from "../../i18n/language.tsx";
import type { Conflict } from "../../ui/changed-meanwhile.tsx";
import { Refused } from "../../ui/refused.tsx";
import { SaveRow } from "../../ui/save-row.tsx";
import { useBase } from "../../ui/use-base.ts";
import { countOf, mistakeOf, NO_EDITS, patchOf, statedBy, withAdded, type ConfigItem } from "./config-draft.ts";
import { ConfigPlan } from "./config-plan.tsx";
import { ConfigRows } from "./config-rows.tsx";
import { EarlierVariables } from "./earlier-variables.tsx";

interface ConfigEditorProps<Result> {
  /** The layer that is edited: of an app also what comes from others is shown, and may be overridden. */
  own: ConfigurationLayer;
  items: readonly ConfigItem[];
  revision: string;
  empty: string;
  readOnly: boolean;
  plan: (patch: ConfigurationPatch) => Promise<ConfigurationPlan>;
  apply: (patch: ConfigurationPatch, on: ChangeOptions) => Promise<Result>;
  /** The app whose versions the form can be filled in by. */
  versionsOf?: Place;
  /** What has come of it; `onDone` forgets what was typed. */
  Outcome: ComponentType<{ of: Result; onDone: () => void }>;
}

/** Variables and secrets of a layer. Changes are gathered, shown with what they do to which app, and only then applied. */
export function ConfigEditor<Result>(props: ConfigEditorProps<Result>) {
  const { own, items, revision, empty, readOnly, plan, apply, versionsOf, Outcome } = props;
  const text = useText();
  const [draft, setDraft] = useState(NO_EDITS);
  const patch = patchOf(items, draft);
  const count = countOf(patch);
  const sound = draft.added.every((row) => mistakeOf(row, items, draft) === null);
  const review = useMutation({ mutationFn: async (of: ConfigurationPatch) => ({ of, plan: await plan(of) }) });
  const { base, rebase } = useBase({ items, revision }, draft !== NO_EDITS);
  const save = useMutation({
    mutationFn: ({ of, ifMatch }: { of: ConfigurationPatch; ifMatch: string }) => apply(of, { ifMatch }),
    onSuccess: () => review.reset(),
  });
  /** What was reviewed counts as long as nothing else is typed. */
  const reviewed = JSON.stringify(review.data?.of) === JSON.stringify(patch) ? review.data : undefined;
  const faulty = reviewed?.plan.apps.some(({ fault }) => fault !== null) ?? false;

  const forget = () => {
    setDraft(NO_EDITS);
    review.reset();
  };
  const reload = () => {
    forget();
    save.reset();
  };
  const conflict: Conflict = {
    base: statedBy(base.items),
    now: statedBy(items),
    reload,
    overwrite: () => {
      rebase();
      save.mutate({ of: patch, ifMatch: revision });
    },
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (count === 0 || !sound) return;
        if (reviewed === undefined) review.mutate(patch);
        else if (!faulty) save.mutate({ of: patch, ifMatch: base.revision });
      }}
    >
      {!readOnly && versionsOf !== undefined && <EarlierVariables place={versionsOf} items={items} onDraft={setDraft} />}
      <ConfigRows own={own} items={items} empty={empty} readOnly={readOnly} draft={draft} onDraft={setDraft} />
      {!readOnly && (
        <>
          <div className="form-actions">
            {(["variable", "secret"] as const).map((kind) => (
              <Button
                key={kind}
                type="dashed"
                icon={<PlusOutlined />}
                onClick={() => setDraft(withAdded(draft, { kind, name: "", value: "" }))}
              >
                {text.config.add[kind]}
              </Button>
            ))}
            <span className="faint">{text.config.paste}</span>
          </div>
          {reviewed && <ConfigPlan plan={reviewed.plan} />}
          <SaveRow
            label={reviewed === undefined ? text.config.review : text.config.apply}
            ready={count > 0 && sound && !faulty}
            busy={review.isPending || save.isPending}
            edited={draft !== NO_EDITS}
            onReset={reload}
          >
            <span className="faint" role="status">
              {count === 0 ? text.config.unchanged : text.config.changes(count)}
            </span>
          </SaveRow>
        </>
      )}
      <Refused of={review} />
      <Refused of={save} conflict={conflict} />
      {save.isSuccess && <Outcome of={save.data} onDone={forget} />}
    </form>
  );
}

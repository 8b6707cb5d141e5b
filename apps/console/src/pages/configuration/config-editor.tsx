import PlusOutlined from "@ant-design/icons/PlusOutlined";
import type { ConfigurationLayer, ConfigurationPatch, ConfigurationPlan } from "@ebb/api";
import { useMutation } from "@tanstack/react-query";
import Button from "antd/es/button";
import { useState, type ClipboardEvent, type ReactNode } from "react";
import { useText } from "../../i18n/language.tsx";
import { Blank } from "../../ui/page.tsx";
import { Refused } from "../../ui/refused.tsx";
import { AddedRow } from "./added-row.tsx";
import {
  countOf,
  mistakeOf,
  NO_EDITS,
  parseAssignments,
  patchOf,
  withAdded,
  withAssignments,
  withEdit,
  type ConfigItem,
} from "./config-draft.ts";
import { ConfigPlan } from "./config-plan.tsx";
import { ConfigRow } from "./config-row.tsx";

interface ConfigEditorProps<Outcome> {
  /** The layer that is edited: of an app also what comes from others is shown, and may be overridden. */
  own: ConfigurationLayer;
  items: readonly ConfigItem[];
  empty: string;
  readOnly: boolean;
  plan: (patch: ConfigurationPatch) => Promise<ConfigurationPlan>;
  apply: (patch: ConfigurationPatch) => Promise<Outcome>;
  /** What has come of it; `done` forgets what was typed. */
  outcome: (outcome: Outcome, done: () => void) => ReactNode;
}

/** Variables and secrets of a layer. Changes are gathered, shown with what they do to which app, and only then applied. */
export function ConfigEditor<Outcome>({ own, items, empty, readOnly, plan, apply, outcome }: ConfigEditorProps<Outcome>) {
  const text = useText();
  const [draft, setDraft] = useState(NO_EDITS);
  const patch = patchOf(items, draft);
  const count = countOf(patch);
  const sound = draft.added.every((row) => mistakeOf(row, items, draft) === null);
  const review = useMutation({ mutationFn: async (of: ConfigurationPatch) => ({ of, plan: await plan(of) }) });
  const save = useMutation({ mutationFn: apply, onSuccess: () => review.reset() });
  /** What was reviewed counts as long as nothing else is typed. */
  const reviewed = JSON.stringify(review.data?.of) === JSON.stringify(patch) ? review.data : undefined;
  const faulty = reviewed?.plan.apps.some(({ fault }) => fault !== null) ?? false;

  const paste = (kind: "variable" | "secret") => (event: ClipboardEvent) => {
    const pasted = event.clipboardData.getData("text");
    const assignments = pasted.includes("=") ? parseAssignments(pasted) : null;
    if (assignments === null) return;
    event.preventDefault();
    setDraft(withAssignments(items, draft, { kind, assignments }));
  };
  const reset = () => {
    setDraft(NO_EDITS);
    review.reset();
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (count === 0 || !sound) return;
        if (reviewed === undefined) review.mutate(patch);
        else if (!faulty) save.mutate(patch);
      }}
    >
      {items.length === 0 && draft.added.length === 0 && <Blank>{empty}</Blank>}
      <ul className="config-list">
        {items.map((item) => (
          <ConfigRow
            key={item.name}
            item={item}
            own={own}
            readOnly={readOnly}
            edit={draft.edits[item.name] ?? null}
            onEdit={(edit) => setDraft(withEdit(draft, item.name, edit))}
          />
        ))}
        {draft.added.map((row) => (
          <AddedRow
            key={row.id}
            row={row}
            mistake={mistakeOf(row, items, draft)}
            onPaste={paste(row.kind)}
            onChange={(next) => setDraft({ ...draft, added: draft.added.map((other) => (other.id === row.id ? next : other)) })}
            onDrop={() => setDraft({ ...draft, added: draft.added.filter((other) => other.id !== row.id) })}
          />
        ))}
      </ul>
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
          <div className="form-actions">
            <Button
              type="primary"
              htmlType="submit"
              loading={review.isPending || save.isPending}
              disabled={count === 0 || !sound || faulty}
            >
              {reviewed === undefined ? text.config.review : text.config.apply}
            </Button>
            <Button disabled={draft === NO_EDITS} onClick={reset}>
              {text.traffic.reset}
            </Button>
            <span className="faint" role="status">
              {count === 0 ? text.config.unchanged : text.config.changes(count)}
            </span>
          </div>
        </>
      )}
      <Refused of={review} />
      <Refused of={save} />
      {save.isSuccess && outcome(save.data, reset)}
    </form>
  );
}

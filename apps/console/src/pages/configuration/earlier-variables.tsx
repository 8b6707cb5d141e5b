import type { Place } from "@ebb/api";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId } from "react";
import { configurationQuery, versionsQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Refused } from "../../ui/refused.tsx";
import { Select } from "../../ui/select.tsx";
import type { ConfigDraft, ConfigItem } from "./config-draft.ts";
import { earlierDraft } from "./earlier-draft.ts";

interface EarlierVariablesProps {
  place: Place;
  items: readonly ConfigItem[];
  onDraft: (draft: ConfigDraft) => void;
}

/** Fills the form in as a version had it; nothing is changed before somebody has looked at it and applies it. */
export function EarlierVariables({ place, items, onDraft }: EarlierVariablesProps) {
  const text = useText();
  const id = useId();
  const queryClient = useQueryClient();
  const versions = useQuery(versionsQuery(place));
  const fill = useMutation({
    mutationFn: async (version: string) => ({
      version,
      ...earlierDraft(items, await queryClient.fetchQuery(configurationQuery(place, version))),
    }),
    onSuccess: ({ draft }) => onDraft(draft),
  });
  const changes = fill.data === undefined ? 0 : Object.keys(fill.data.draft.edits).length + fill.data.draft.added.length;
  return (
    <>
      <div className="toolbar">
        <label htmlFor={id}>{text.revert.label}</label>
        <Select<string | null>
          id={id}
          className="against"
          value={fill.data?.version ?? null}
          placeholder={text.revert.choose}
          loading={fill.isPending}
          options={(versions.data ?? []).map(({ name }) => ({ value: name, label: name }))}
          onChange={(version) => version !== null && fill.mutate(version)}
        />
        <span role="status" className="faint">
          {fill.isSuccess && text.revert.done(fill.data.version, changes)}
        </span>
      </div>
      {fill.isSuccess && fill.data.secrets.length > 0 && <p className="warn">{text.revert.secrets(fill.data.secrets.join(", "))}</p>}
      <Refused of={fill} />
    </>
  );
}

import type { PatchScaling, Place, Revised, ScalingPolicy } from "@ebb/api";
import { useQueryClient } from "@tanstack/react-query";
import { client } from "../../../../api/connection.ts";
import { scalingQuery } from "../../../../api/queries.ts";
import { useEdit } from "../../../../ui/use-edit.ts";
import { draftOf, isSound, patchOf, policyOf, type ScalingDraft } from "./scaling-draft.ts";

export type ScalingEdit = ReturnType<typeof useScalingEdit>;

/** What is typed over the policy: outside of its form, as what was asked about another policy can be taken over into it. */
export function useScalingEdit(place: Place, policy: Revised<ScalingPolicy>) {
  const queryClient = useQueryClient();
  const edit = useEdit<ScalingDraft, PatchScaling, Revised<ScalingPolicy>>(policy, async (next, on) => {
    const after = await client.patchScaling(place, next, on);
    queryClient.setQueryData(scalingQuery(place).queryKey, after);
    return after;
  });
  const draft = edit.edited ?? draftOf(policy);
  const sound = isSound(draft);
  const next = sound ? policyOf(draft) : null;
  return {
    ...edit,
    draft,
    /** What the draft stands for; null while something in it is not complete. */
    next,
    patch: next === null || edit.edited === null ? {} : patchOf(edit.base, next),
    set: (part: Partial<ScalingDraft>) => edit.setEdited({ ...draft, ...part }),
  };
}

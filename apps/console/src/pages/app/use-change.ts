import type { AppEnvironment, ChangeOptions, Place, Revised } from "@ebb/api";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { keys, placeQuery } from "../../api/queries.ts";
import type { Conflict } from "../../ui/changed-meanwhile.tsx";
import { useBase } from "../../ui/use-base.ts";
import { answering } from "./answering.ts";

interface Sending<V, R> {
  place: Place;
  send: (value: V, on: ChangeOptions) => Promise<R>;
  /** Whether something is typed: it is sent on what was there when that began. Left out for what is done by a click: on what is shown. */
  editing?: boolean;
  /** Whether the app is there already. */
  there?: boolean;
  onSuccess?: (result: R) => unknown;
  /** Forgets what was typed. */
  onReload?: () => void;
}

/**
 * A change of what answers visitors where an app is, sent on what one saw: where somebody else was faster it is refused, what is different is shown,
 * and nothing that was typed is lost. Where the app is not yet there is nothing to be faster with.
 */
export function useChange<V, R>({ place, send, editing = false, there = true, onSuccess, onReload }: Sending<V, R>) {
  const queryClient = useQueryClient();
  const now = useQuery({ ...placeQuery(place), enabled: there }).data;
  const change = useMutation({
    mutationFn: ({ value, ifMatch }: { value: V; ifMatch: string | undefined }) => send(value, { ifMatch }),
    onSuccess: async (result) => {
      onSuccess?.(result);
      // Not done before it is known what is there now: the next change is made on that.
      await queryClient.invalidateQueries({ queryKey: keys.app(place.app) });
    },
  });
  const known = now !== undefined || !there;
  const { base, rebase } = useBase<Known>(
    { place: now },
    (editing && known) || change.isPending || change.isError,
    `${place.app} ${place.env} ${there}`,
  );
  const conflict: Conflict = {
    clicked: !editing,
    base: base.place && answering(base.place),
    now: now && answering(now),
    reload: () => {
      change.reset();
      onReload?.();
    },
    overwrite: () => {
      rebase();
      if (change.variables) change.mutate({ value: change.variables.value, ifMatch: now?.revision });
    },
  };
  return { change, conflict, submit: (value: V) => change.mutate({ value, ifMatch: base.place?.revision }) };
}

interface Known {
  place: Revised<AppEnvironment> | undefined;
}

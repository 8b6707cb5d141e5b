import type { ChangeOptions } from "@ebb/api";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useBase } from "./use-base.ts";

/**
 * What is typed over something that has a revision: what it was begun on, and how it is sent, be it on top of what somebody else has done. `send`
 * also lets what there is then be known, and gives it: what was typed is forgotten after it, and what is typed until then goes on from there.
 */
export function useEdit<Draft, Patch, T extends { revision: string }>(current: T, send: (patch: Patch, on: ChangeOptions) => Promise<T>) {
  const [edited, setEdited] = useState<Draft | null>(null);
  const { base, rebase } = useBase(current, edited !== null);
  const save = useMutation({
    mutationFn: ({ patch, ifMatch }: { patch: Patch; ifMatch: string; sent: Draft | null }) => send(patch, { ifMatch }),
    onSuccess: (after, { sent }) => {
      rebase(after);
      setEdited((now) => (now === sent ? null : now));
    },
  });
  const reload = () => {
    setEdited(null);
    save.reset();
  };
  const submit = (patch: Patch) => save.mutate({ patch, ifMatch: base.revision, sent: edited });
  const overwrite = (patch: Patch) => {
    rebase();
    save.mutate({ patch, ifMatch: current.revision, sent: edited });
  };
  return { edited, setEdited, base, save, reload, submit, overwrite };
}

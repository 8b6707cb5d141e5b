import { ApiError, isChangedMeanwhile } from "@ebb/api/client";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useId, useState } from "react";
import { overridingFreeze } from "../api/freeze-override.ts";
import { useRights } from "../api/team-queries.ts";
import { useText } from "../i18n/language.tsx";
import { ChangedMeanwhile, type Conflict } from "./changed-meanwhile.tsx";
import { ProblemNote } from "./problem.tsx";

/** The part of a mutation that tells what was refused and does it again. */
interface Refusable<V> {
  isError: boolean;
  error: unknown;
  variables: V | undefined;
  mutateAsync: (variables: V) => Promise<unknown>;
}

/**
 * Why a change was refused; nothing while it was not. A freeze is overridden here, by those who may; what was changed meanwhile is shown where
 * a form says what it edits.
 */
export function Refused<V>({ of, conflict }: { of: Refusable<V>; conflict?: Conflict }) {
  const text = useText();
  const { platformAdmin } = useRights("");
  if (!of.isError) return null;
  if (conflict && isChangedMeanwhile(of.error)) return <ChangedMeanwhile error={of.error} conflict={conflict} />;
  const frozen = of.error instanceof ApiError && of.error.problem.code === "environment_frozen";
  return (
    <>
      <ProblemNote error={of.error} title={text.problem.refused} />
      {frozen && platformAdmin && (
        // What was asked for is known: it was refused.
        <OverrideFreeze again={() => of.mutateAsync(of.variables as V)} />
      )}
    </>
  );
}

/** Not a form, as it is shown within forms. */
function OverrideFreeze({ again }: { again: () => Promise<unknown> }) {
  const text = useText();
  const id = useId();
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  const send = () => {
    setBusy(true);
    // Refused once more: the mutation says so.
    void overridingFreeze(why.trim(), again).catch(() => setBusy(false));
  };
  return (
    <div className="fields" role="group" aria-label={text.problem.override.title}>
      <label htmlFor={id}>{text.problem.override.why}</label>
      <Input
        id={id}
        value={why}
        maxLength={500}
        onChange={(event) => setWhy(event.target.value)}
        onPressEnter={(event) => {
          event.preventDefault();
          if (why.trim() !== "") send();
        }}
      />
      <p className="faint">{text.problem.override.audited}</p>
      <Button danger disabled={why.trim() === ""} loading={busy} onClick={send}>
        {text.problem.override.button}
      </Button>
    </div>
  );
}

import { usePolicyWords } from "../../../../i18n/policy-words.ts";
import type { Fault } from "./scaling-draft.ts";

/** What is wrong with a field, beside it. Whoever listens hears it with the field, by its id. */
export function FaultNote({ id, fault }: { id: string; fault: Fault | null | undefined }) {
  const { faults } = usePolicyWords();
  if (!fault) return null;
  return (
    <span id={id} className="bad-text guard-says">
      {faults[fault.code]} {fault.detail !== undefined && <span lang="en">{fault.detail}</span>}
    </span>
  );
}

/** What the platform has refused about it. */
export function RefusedNote({ id, detail }: { id?: string; detail: string | null }) {
  return (
    detail !== null && (
      <span id={id} className="bad-text guard-says" lang="en">
        {detail}
      </span>
    )
  );
}

/** Of a field: that it is wrong, and where that is said. */
export const saidBy = (id: string, wrong: boolean) =>
  wrong ? ({ status: "error", "aria-invalid": true, "aria-describedby": id } as const) : {};

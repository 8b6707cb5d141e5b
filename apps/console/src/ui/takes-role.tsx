import type { MemberRole } from "@ebb/api";
import { useText } from "../i18n/language.tsx";

/** Whose it is to change what is shown here: in place of what the reader could not send. */
export function TakesRole({ role }: { role: MemberRole }) {
  const text = useText();
  return <p className="faint">{text.config.readOnly(text.teams.roles[role])}</p>;
}

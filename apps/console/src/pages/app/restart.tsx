import type { Place } from "@ebb/api";
import { client } from "../../api/connection.ts";
import { usePlaceRights } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { ConfirmedChange } from "./confirmed-change.tsx";

/** All instances anew. Nothing for whoever may not. */
export function Restart({ place }: { place: Place }) {
  const { button, confirm, text } = useText().restart;
  const { mayDeploy } = usePlaceRights(place);
  if (!mayDeploy) return null;
  return <ConfirmedChange place={place} send={(on) => client.restart(place, on)} button={button} question={confirm} description={text} />;
}

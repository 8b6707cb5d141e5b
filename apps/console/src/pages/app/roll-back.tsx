import type { Place, Version } from "@ebb/api";
import { client } from "../../api/connection.ts";
import { usePlaceRights } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { ConfirmedChange } from "./confirmed-change.tsx";

/** Back to what served before; the platform knows which that was. Nothing where there is only one version to serve, or for whoever may not. */
export function RollBack({ place, versions }: { place: Place; versions: readonly Version[] }) {
  const { rollBack, rollBackConfirm, rollBackText } = useText().promote;
  const { mayRelease } = usePlaceRights(place);
  const able = versions.filter(({ state }) => state === "ready" || state === "asleep");
  if (able.length < 2 || !mayRelease) return null;
  return (
    <ConfirmedChange
      place={place}
      send={(on) => client.rollback(place, {}, on)}
      button={rollBack}
      question={rollBackConfirm}
      description={rollBackText}
    />
  );
}

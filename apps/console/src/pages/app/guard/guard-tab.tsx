import { useQuery } from "@tanstack/react-query";
import { trafficPolicyQuery } from "../../../api/queries.ts";
import { usePlaceRights } from "../../../api/team-queries.ts";
import { useText } from "../../../i18n/language.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { Panel } from "../../../ui/page.tsx";
import { TakesRole } from "../../../ui/takes-role.tsx";
import { usePlace } from "../use-place.ts";
import { GuardForm } from "./guard-form.tsx";

/** Who may come, how much, and which instance they get. */
export function GuardTab() {
  const text = useText();
  const place = usePlace();
  const { mayRelease, releaseRole } = usePlaceRights(place);
  const query = useQuery(trafficPolicyQuery(place));
  return (
    <>
      <title>{`${text.guard.title} · ${place.app} · Ebb`}</title>
      <Panel title={text.guard.title}>
        {!mayRelease && <TakesRole role={releaseRole} />}
        <Loaded query={query}>
          {(policy) => <GuardForm key={`${place.app} ${place.env}`} place={place} policy={policy} readOnly={!mayRelease} />}
        </Loaded>
      </Panel>
    </>
  );
}

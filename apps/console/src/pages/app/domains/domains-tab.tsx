import { useQuery } from "@tanstack/react-query";
import { domainsQuery } from "../../../api/domain-queries.ts";
import { usePlaceRights } from "../../../api/team-queries.ts";
import { useText } from "../../../i18n/language.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { Blank, Panel } from "../../../ui/page.tsx";
import { usePlace } from "../use-place.ts";
import { AddDomain } from "./add-domain.tsx";
import { DomainCard } from "./domain-card.tsx";

/** Custom domains of the app in this environment, each with its state and its next step. */
export function DomainsTab() {
  const text = useText();
  const place = usePlace();
  const query = useQuery(domainsQuery(place));
  const { known, mayRelease, releaseRole } = usePlaceRights(place);
  const mayChange = known && mayRelease;
  return (
    <>
      <title>{`${text.domains.tab} · ${place.app} · Ebb`}</title>
      <Panel title={text.domains.tab}>
        <p className="faint">{text.domains.intro}</p>
        <Loaded query={query} rows={4}>
          {(domains) =>
            domains.length === 0 ? (
              <Blank>{text.domains.none}</Blank>
            ) : (
              domains.map((domain) => <DomainCard key={domain.name} place={place} domain={domain} mayChange={mayChange} />)
            )
          }
        </Loaded>
        {known && !mayRelease && <p className="faint">{text.domains.readOnly(text.teams.roles[releaseRole])}</p>}
      </Panel>
      {mayChange && (
        <Panel title={text.domains.add}>
          <AddDomain place={place} />
        </Panel>
      )}
    </>
  );
}

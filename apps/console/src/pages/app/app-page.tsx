import type { AppEnvironment, Place } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { appQuery, placeQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { ButtonLink } from "../../ui/button-link.tsx";
import { Address } from "../../ui/copy.tsx";
import { firstLine } from "../../ui/first-line.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { SectionNav } from "../../ui/sections.tsx";
import { AppStateLabel } from "../../ui/state.tsx";
import { TrafficText } from "../../ui/traffic-bar.tsx";
import { usePlace } from "./use-place.ts";

/** The app's coordinates (app / environment / version), state and address, above its sections. */
export function AppPage() {
  const text = useText();
  const place = usePlace();
  const app = useQuery(appQuery(place.app));
  const query = useQuery(placeQuery(place));
  return (
    <Loaded query={query} rows={6}>
      {(here) => (
        <>
          <title>{`${place.app} · ${place.env} · Ebb`}</title>
          <div className="app-head">
            <nav className="coordinates" aria-label={text.app.latest}>
              <Link to="/">{text.apps.title}</Link>
              <span aria-hidden="true">/</span>
              <h1>{place.app}</h1>
              <span aria-hidden="true">/</span>
              <Environments place={place} all={app.data?.environments ?? [here]} />
              <span aria-hidden="true">/</span>
              <TrafficText targets={here.traffic} />
            </nav>
            <div className="app-facts">
              <AppStateLabel state={here.state} />
              {app.data && <span className="faint">{text.kind[app.data.kind]}</span>}
              {here.url !== "" && <Address url={here.url} />}
              <ButtonLink className="promote" size="small" to="/apps/$app/$env/promote" params={place}>
                {text.promote.button}
              </ButtonLink>
            </div>
            {here.message !== "" && here.state !== "ready" && <p className="faint app-message">{firstLine(here.message)}</p>}
          </div>
          <Sections place={place} />
          <Outlet />
        </>
      )}
    </Loaded>
  );
}

/** Where else the app is, one click away; a list of links, as each has its address. */
function Environments({ place, all }: { place: Place; all: readonly AppEnvironment[] }) {
  const text = useText();
  return (
    <span className="environments" role="group" aria-label={text.app.environment}>
      {all.map(({ environment }) => (
        <Link
          key={environment}
          to="/apps/$app/$env"
          params={{ app: place.app, env: environment }}
          className={environment === place.env ? "strong" : "faint"}
          aria-current={environment === place.env ? "true" : undefined}
        >
          {environment}
        </Link>
      ))}
    </span>
  );
}

function Sections({ place }: { place: Place }) {
  const text = useText();
  const params = { ...place };
  return (
    <SectionNav label={text.app.sections}>
      <Link to="/apps/$app/$env" params={params} activeOptions={{ exact: true, includeSearch: false }}>
        {text.app.overview}
      </Link>
      <Link to="/apps/$app/$env/versions" params={params} activeOptions={{ includeSearch: false }}>
        {text.app.versions}
      </Link>
      <Link to="/apps/$app/$env/traffic" params={params}>
        {text.app.traffic}
      </Link>
      <Link to="/apps/$app/$env/guard" params={params}>
        {text.guard.title}
      </Link>
      <Link to="/apps/$app/$env/releases" params={params}>
        {text.app.releases}
      </Link>
      <Link to="/apps/$app/$env/domains" params={params}>
        {text.domains.tab}
      </Link>
      <Link to="/apps/$app/$env/scaling" params={params} activeOptions={{ includeSearch: false }}>
        {text.app.scaling}
      </Link>
      <Link to="/apps/$app/$env/cold-starts" params={params}>
        {text.app.coldStarts}
      </Link>
      <Link to="/apps/$app/$env/try" params={params}>
        {text.app.try}
      </Link>
      <Link to="/apps/$app/$env/logs" params={params} activeOptions={{ includeSearch: false }}>
        {text.app.logs}
      </Link>
      <Link to="/apps/$app/$env/terminal" params={params} activeOptions={{ includeSearch: false }}>
        {text.app.terminal}
      </Link>
      <Link to="/apps/$app/$env/config" params={params}>
        {text.app.config}
      </Link>
      <Link to="/apps/$app/$env/operations" params={params}>
        {text.app.operations}
      </Link>
      <Link to="/apps/$app/$env/events" params={params} activeOptions={{ includeSearch: false }}>
        {text.events.title}
      </Link>
      <Link to="/apps/$app/$env/settings" params={params}>
        {text.settings.title}
      </Link>
    </SectionNav>
  );
}

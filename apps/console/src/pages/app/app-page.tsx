import type { AppEnvironment, Place } from "@ebb/api";
import { ApiError } from "@ebb/api/client";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { appQuery, placeQuery } from "../../api/queries.ts";
import { useSpeech, useText } from "../../i18n/language.tsx";
import { ButtonLink } from "../../ui/button-link.tsx";
import { Address } from "../../ui/copy.tsx";
import { firstLine } from "../../ui/first-line.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { AppStateLabel } from "../../ui/state.tsx";
import { Coordinates } from "./bar/coordinates.tsx";
import { SectionBar } from "./bar/section-bar.tsx";
import { usePlace } from "./use-place.ts";

/** The app's coordinates (app / environment / version), state and address, above its sections. */
export function AppPage() {
  const { text, language } = useSpeech();
  const place = usePlace();
  const app = useQuery(appQuery(place.app));
  const query = useQuery(placeQuery(place));
  if (app.data !== undefined && query.error instanceof ApiError && query.error.problem.code === "app_not_in_environment")
    return <Elsewhere place={place} environments={app.data.environments} />;
  return (
    <Loaded query={query} rows={6} title={`${place.app} · ${place.env}`}>
      {(here) => (
        <>
          <title>{`${place.app} · ${place.env} · Ebb`}</title>
          <div className="app-head">
            <Coordinates place={place} here={here} environments={app.data?.environments ?? [here]} />
            <div className="app-facts">
              <AppStateLabel state={here.state} />
              {app.data && <span className="faint">{text.kind[app.data.kind]}</span>}
              {here.url !== "" && <Address url={here.url} />}
              <span className="app-actions">
                <ButtonLink size="small" to="/deploy" search={{ app: place.app, env: place.env }}>
                  {text.apps.deploy}
                </ButtonLink>
                <ButtonLink size="small" to="/apps/$app/$env/promote" params={place}>
                  {text.promote.button}
                </ButtonLink>
              </span>
            </div>
            {here.message !== "" && here.state !== "ready" && (
              <p className="faint app-message">
                {/* The platform's message is more particular, and English. */}
                {language === "en" ? <span lang="en">{firstLine(here.message)}</span> : text.appStateHelp[here.state]}
              </p>
            )}
          </div>
          <SectionBar place={place} />
          <Outlet />
        </>
      )}
    </Loaded>
  );
}

/** The app is there, but not in this environment: where it is, and how it comes here. */
function Elsewhere({ place: { app, env }, environments }: { place: Place; environments: readonly AppEnvironment[] }) {
  const text = useText();
  return (
    <div className="blank">
      <title>{`${app} · ${env} · Ebb`}</title>
      <h1>{text.app.notHere(app, env)}</h1>
      <p className="ways">
        {text.app.itIsIn}
        {environments.map(({ environment }) => (
          <Link key={environment} to="/apps/$app/$env" params={{ app, env: environment }}>
            {environment}
          </Link>
        ))}
      </p>
      <p className="ways">
        {environments.map(({ environment }) => (
          <ButtonLink key={environment} to="/apps/$app/$env/promote" params={{ app, env: environment }} search={{ to: env }}>
            {text.app.promoteFrom(environment)}
          </ButtonLink>
        ))}
        <ButtonLink to="/deploy" search={{ app, env }}>
          {text.app.deployHere}
        </ButtonLink>
      </p>
    </div>
  );
}

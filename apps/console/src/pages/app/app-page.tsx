import { useQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { appQuery, placeQuery } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
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
  return (
    <Loaded query={query} rows={6}>
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
                {/* The platform's message is more particular, and English: in other languages it is only needed of what failed. */}
                {language === "en" || here.state === "failed" ? (
                  <span lang="en">{firstLine(here.message)}</span>
                ) : (
                  text.appStateHelp[here.state]
                )}
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

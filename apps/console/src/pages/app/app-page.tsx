import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { appQuery } from "../../api/queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Address } from "../../ui/copy.tsx";
import { firstLine } from "../../ui/first-line.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { AppStateLabel } from "../../ui/state.tsx";
import { TrafficText } from "../../ui/traffic-bar.tsx";

const route = getRouteApi("/apps/$app");

/** The app's coordinates, state and address, above its sections. */
export function AppPage() {
  const text = useText();
  const { app: name } = route.useParams();
  const query = useQuery(appQuery(name));
  return (
    <Loaded query={query} rows={6}>
      {(app) => (
        <>
          <title>{`${name} · Ebb`}</title>
          <div className="app-head">
            <nav className="coordinates" aria-label={text.app.latest}>
              <Link to="/">{text.apps.title}</Link>
              <span aria-hidden="true">/</span>
              <h1>{name}</h1>
              <span aria-hidden="true">/</span>
              <TrafficText targets={app.traffic} />
            </nav>
            <div className="app-facts">
              <AppStateLabel state={app.state} />
              <span className="faint">{text.kind[app.kind]}</span>
              <Address url={app.url} />
            </div>
            {app.message !== "" && app.state !== "ready" && <p className="faint app-message">{firstLine(app.message)}</p>}
          </div>
          <Sections app={name} />
          <Outlet />
        </>
      )}
    </Loaded>
  );
}

function Sections({ app }: { app: string }) {
  const text = useText();
  const nav = useRef<HTMLElement>(null);
  const pathname = useLocation({ select: (location) => location.pathname });
  useEffect(() => {
    // On a phone the row scrolls: where one is must be in view.
    nav.current?.querySelector(`a[href="${pathname}"]`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [pathname]);
  const params = { app };
  return (
    <nav ref={nav} className="sections" aria-label={text.app.sections}>
      <Link to="/apps/$app" params={params} activeOptions={{ exact: true }}>
        {text.app.overview}
      </Link>
      <Link to="/apps/$app/versions" params={params}>
        {text.app.versions}
      </Link>
      <Link to="/apps/$app/traffic" params={params}>
        {text.app.traffic}
      </Link>
      <Link to="/apps/$app/scaling" params={params}>
        {text.app.scaling}
      </Link>
      <Link to="/apps/$app/logs" params={params} activeOptions={{ includeSearch: false }}>
        {text.app.logs}
      </Link>
      <Link to="/apps/$app/config" params={params}>
        {text.app.config}
      </Link>
      <Link to="/apps/$app/operations" params={params}>
        {text.app.operations}
      </Link>
      <Link to="/apps/$app/delete" params={params}>
        {text.app.danger}
      </Link>
    </nav>
  );
}

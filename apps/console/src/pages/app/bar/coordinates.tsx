import type { App, AppEnvironment, Place, TrafficTarget } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { appsQuery, versionsQuery } from "../../../api/queries.ts";
import { useText } from "../../../i18n/language.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { Dot } from "../../../ui/state.tsx";
import { Switcher } from "../../../ui/switcher.tsx";
import { TrafficText } from "../../../ui/traffic-bar.tsx";
import { VersionMark } from "../../../ui/version-mark.tsx";
import { partOf } from "./sections.ts";

/** More than anybody reads; the field above narrows them. */
const SHOWN = 40;

/** App / environment / version: where one is, each with the way to the others. */
export function Coordinates({
  place,
  here,
  environments,
}: {
  place: Place;
  here: AppEnvironment;
  environments: readonly AppEnvironment[];
}) {
  const text = useText();
  const { version } = useParams({ strict: false });
  const search: { version?: string | undefined } = useSearch({ strict: false });
  const shown = version ?? search.version;
  return (
    <div className="coordinates" role="group" aria-label={text.app.latest}>
      <Link to="/">{text.apps.title}</Link>
      <span className="coordinate">
        <h1>{place.app}</h1>
        <Switcher label={text.appBar.otherApp}>{() => <Apps place={place} />}</Switcher>
      </span>
      <Environments place={place} all={environments} />
      <span className="coordinate">
        <Switcher
          label={text.common.version}
          shown={shown === undefined ? <TrafficText targets={here.traffic} /> : <VersionMark version={shown} />}
        >
          {() => <Versions place={place} current={shown} targets={here.traffic} />}
        </Switcher>
      </span>
    </div>
  );
}

/** The environments, one click away: links, as each has its address, to the page that is open. */
function Environments({ place, all }: { place: Place; all: readonly AppEnvironment[] }) {
  const text = useText();
  const { to } = partOf(useLocation({ select: ({ pathname }) => pathname }));
  return (
    <span className="environments" role="group" aria-label={text.app.environment}>
      {all.map(({ environment }) => (
        <Link
          key={environment}
          to={to}
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

/** Another app leads to the same environment, if it is there. */
function Apps({ place }: { place: Place }) {
  const text = useText();
  const query = useQuery(appsQuery);
  const [wanted, setWanted] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const fits = ({ name }: App) => name.includes(wanted.trim().toLowerCase());
  return (
    <>
      <input
        ref={field}
        type="search"
        value={wanted}
        aria-label={text.apps.search}
        placeholder={text.apps.search}
        spellCheck={false}
        onChange={({ target }) => setWanted(target.value)}
      />
      <Loaded query={query} rows={4}>
        {(apps) => (
          <ul>
            {apps
              .filter(fits)
              .slice(0, SHOWN)
              .map(({ name, environments }) => {
                const there = environments.find(({ environment }) => environment === place.env) ?? environments[0];
                return (
                  <li key={name}>
                    <Link
                      to={there === undefined ? "/apps/$app" : "/apps/$app/$env"}
                      params={{ app: name, env: there?.environment ?? "" }}
                      aria-current={name === place.app ? "true" : undefined}
                    >
                      <Dot state={there?.state ?? "empty"} />
                      <span className="clipped">{name}</span>
                      <span className="faint switcher-share">{there?.environment}</span>
                    </Link>
                  </li>
                );
              })}
            {!apps.some(fits) && <li className="faint">{text.apps.noMatch(wanted)}</li>}
          </ul>
        )}
      </Loaded>
    </>
  );
}

function Versions({ place, current, targets }: { place: Place; current: string | undefined; targets: readonly TrafficTarget[] }) {
  const text = useText();
  const query = useQuery(versionsQuery(place));
  const percentOf = (name: string) => targets.find(({ version }) => version === name)?.percent ?? 0;
  return (
    <Loaded query={query} rows={3}>
      {(versions) => (
        <ul>
          {versions.slice(0, SHOWN).map(({ name, state }) => (
            <li key={name}>
              <Link
                to="/apps/$app/$env/versions/$version"
                params={{ ...place, version: name }}
                aria-current={name === current ? "true" : undefined}
              >
                <VersionMark version={name} />
                <span className="faint">{text.versionState[state]}</span>
                {percentOf(name) > 0 && <span className="number switcher-share">{percentOf(name)} %</span>}
              </Link>
            </li>
          ))}
          <li>
            <Link to="/apps/$app/$env/versions" params={place}>
              {text.common.allVersions}
            </Link>
          </li>
        </ul>
      )}
    </Loaded>
  );
}

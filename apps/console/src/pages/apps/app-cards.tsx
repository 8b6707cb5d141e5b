import type { App } from "@ebb/api";
import { Link } from "@tanstack/react-router";
import { useText } from "../../i18n/language.tsx";
import { Address } from "../../ui/copy.tsx";
import { AppStateLabel } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { TrafficText } from "../../ui/traffic-bar.tsx";

/** The table's content where a table would not fit. */
export function AppCards({ apps }: { apps: readonly App[] }) {
  const text = useText();
  return (
    <ul className="cards">
      {apps
        .toSorted((a, b) => a.name.localeCompare(b.name))
        .map((app) => (
          <li key={app.name}>
            <div className="between">
              <Link to="/apps/$app" params={{ app: app.name }} className="strong">
                {app.name}
              </Link>
              <AppStateLabel state={app.state} />
            </div>
            <Address url={app.url} />
            <div className="between faint">
              <TrafficText targets={app.traffic} />
              <span>
                {text.overview.running(app.instances)} · <Ago at={app.updatedAt} />
              </span>
            </div>
          </li>
        ))}
    </ul>
  );
}

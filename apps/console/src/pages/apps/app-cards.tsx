import type { App } from "@ebb/api";
import { Link } from "@tanstack/react-router";
import { Ago } from "../../ui/time.tsx";
import { PlaceCell } from "./app-table.tsx";

/** The table's content where a table would not fit. */
export function AppCards({ apps }: { apps: readonly App[] }) {
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
              <span className="faint">
                <Ago at={app.updatedAt} />
              </span>
            </div>
            {app.environments.map((place) => (
              <section key={place.environment} aria-label={place.environment}>
                <b>{place.environment}</b>
                <PlaceCell place={place} />
              </section>
            ))}
          </li>
        ))}
    </ul>
  );
}

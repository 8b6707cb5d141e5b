import type { App } from "@ebb/api";
import { Link } from "@tanstack/react-router";
import { useMemo, useRef } from "react";
import { useWindowRows } from "../../ui/use-window-rows.ts";
import { PlaceCell } from "./app-table.tsx";

/** Pixels of a card with three environments. */
const USUAL_CARD = 290;
/** As `.cards` has it. */
const GAP = 10;

/** The table's content where a table would not fit. */
export function AppCards({ apps }: { apps: readonly App[] }) {
  const sorted = useMemo(() => apps.toSorted((a, b) => a.name.localeCompare(b.name)), [apps]);
  const list = useRef<HTMLUListElement>(null);
  const { rows, before, after, measure } = useWindowRows(list, { count: sorted.length, estimate: USUAL_CARD, gap: GAP });
  return (
    <ul className="cards app-cards" ref={list} style={{ paddingTop: before, paddingBottom: after }}>
      {rows.map((index) => {
        const app = sorted[index];
        return app === undefined ? null : (
          <li key={app.name} ref={measure} data-index={index}>
            <Link to="/apps/$app" params={{ app: app.name }} className="strong">
              {app.name}
            </Link>
            {app.environments.map((place) => (
              <section key={place.environment} aria-label={place.environment}>
                <b>{place.environment}</b>
                <PlaceCell place={place} />
              </section>
            ))}
          </li>
        );
      })}
    </ul>
  );
}

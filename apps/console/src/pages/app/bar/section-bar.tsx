import type { Place } from "@ebb/api";
import { Link, useLocation } from "@tanstack/react-router";
import { useText } from "../../../i18n/language.tsx";
import { SectionNav } from "../../../ui/sections.tsx";
import { groupOf, GROUPS, partOf } from "./sections.ts";

/** The app's pages: a row of groups, and below it the parts of the one that is open. */
export function SectionBar({ place }: { place: Place }) {
  const text = useText();
  const part = partOf(useLocation({ select: ({ pathname }) => pathname }));
  const open = groupOf(part);
  return (
    <>
      <SectionNav label={text.app.sections}>
        {GROUPS.map((group) => (
          <Link
            key={group.title}
            to={group.parts[0].to}
            params={{ ...place }}
            activeOptions={{ exact: true, includeSearch: false }}
            className={group === open ? "active" : ""}
            aria-current={group === open ? "true" : undefined}
          >
            {text.appBar.groups[group.title]}
          </Link>
        ))}
      </SectionNav>
      {open !== undefined && open.parts.length > 1 && (
        <SectionNav label={text.appBar.partsOf(text.appBar.groups[open.title])} className="parts">
          {open.parts.map(({ to, title }) => (
            <Link key={to} to={to} params={{ ...place }} activeOptions={{ exact: true, includeSearch: false }}>
              {text.appBar.parts[title]}
            </Link>
          ))}
        </SectionNav>
      )}
    </>
  );
}

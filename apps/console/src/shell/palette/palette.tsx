import { useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { allDomainsQuery } from "../../api/domain-queries.ts";
import { appsQuery, recentOperationsQuery, teamsQuery } from "../../api/queries.ts";
import { usersQuery, useRights } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { entriesOf, found, type Entry } from "./entries.ts";

/** As many as are in view without scrolling far. */
const SHOWN = 12;

/**
 * A search field over a list that the arrow keys walk through (the combobox pattern of ARIA: focus stays in the field). The browser's own
 * dialog keeps the focus inside, closes on Escape, and gives the focus back.
 */
export function Palette({ onClose }: { onClose: () => void }) {
  const text = useText();
  const id = useId();
  const router = useRouter();
  const dialog = useRef<HTMLDialogElement>(null);
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const { data: apps } = useQuery(appsQuery);
  const { data: teams } = useQuery(teamsQuery);
  const { platformAdmin } = useRights("");
  const { data: users } = useQuery({ ...usersQuery, enabled: platformAdmin });
  const { data: operations } = useQuery(recentOperationsQuery);
  const { data: domains } = useQuery(allDomainsQuery);
  const entries = useMemo(
    () => entriesOf(apps ?? [], teams ?? [], text, { users: users ?? [], operations: operations ?? [], domains: domains ?? [] }),
    [apps, teams, users, operations, domains, text],
  );
  const shown = found(entries, query, SHOWN);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const go = (entry: Entry | undefined) => {
    if (entry === undefined) return;
    dialog.current?.close();
    router.history.push(entry.href);
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && shown.length > 0) setActive((active + step + shown.length) % shown.length);
    else if (event.key === "Enter" && !event.nativeEvent.isComposing) go(shown[active]);
    else return;
    event.preventDefault();
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events -- a click beside it closes it; the key is Escape
    <dialog
      ref={dialog}
      className="palette"
      aria-label={text.find.label}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current.close();
      }}
    >
      <div>
        <input
          role="combobox"
          aria-expanded
          aria-controls={`${id}-list`}
          aria-activedescendant={shown.length > 0 ? `${id}-${active}` : undefined}
          aria-autocomplete="list"
          aria-label={text.find.label}
          placeholder={text.find.placeholder}
          value={query}
          spellCheck={false}
          onKeyDown={press}
          onChange={(event) => {
            setQuery(event.target.value);
            setActive(0);
          }}
        />
        <ul id={`${id}-list`} role="listbox" aria-label={text.find.label}>
          {shown.map((entry, index) => (
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the field takes the keys
            <li
              key={`${entry.kind} ${entry.href}`}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === active}
              onMouseMove={() => setActive(index)}
              onClick={() => go(entry)}
            >
              <span>{entry.title}</span> <span className="faint">{text.find.kinds[entry.kind]}</span>
            </li>
          ))}
        </ul>
        <p className="faint" role="status">
          {shown.length === 0 ? text.find.none : text.find.results(shown.length)}
        </p>
      </div>
    </dialog>
  );
}

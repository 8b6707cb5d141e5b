import { useText } from "../../i18n/language.tsx";
import { ButtonLink } from "../../ui/button-link.tsx";
import { Command } from "../../ui/copy.tsx";

/** The first page a new user sees: how to get to the first running app. */
export function NoApps() {
  const text = useText();
  return (
    <div className="blank">
      <h2>{text.apps.emptyTitle}</h2>
      <p>{text.apps.emptyText}</p>
      <Command>ebb deploy</Command>
      <p>
        <ButtonLink look="primary" to="/deploy">
          {text.apps.emptyOr}
        </ButtonLink>
      </p>
    </div>
  );
}

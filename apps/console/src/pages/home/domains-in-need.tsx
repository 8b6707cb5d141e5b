import type { PlatformStatus } from "@ebb/api";
import { Link } from "@tanstack/react-router";
import { useText } from "../../i18n/language.tsx";
import { ToneDot } from "../../ui/state.tsx";

const SHOWN = 5;

/** Custom domains that have failed, or whose certificate ends and nothing renews it; nothing while there are none. */
export function DomainsInNeed({ domains }: { domains: PlatformStatus["attention"] }) {
  const text = useText();
  if (domains.length === 0) return null;
  return (
    <ul className="rows">
      {domains.slice(0, SHOWN).map(({ domain, app, environment, code, message }) => (
        <li key={domain}>
          <span className="state">
            <ToneDot tone="bad" />
            {text.domains.tab}
          </span>
          <Link to="/apps/$app/$env/domains" params={{ app, env: environment }}>
            {domain}
          </Link>
          <span className="faint">{text.domains.problems[code] ?? message}</span>
        </li>
      ))}
    </ul>
  );
}

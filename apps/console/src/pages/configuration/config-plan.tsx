import type { ConfigurationPlan } from "@ebb/api";
import { useText } from "../../i18n/language.tsx";
import { AppLink } from "../../ui/app-link.tsx";
import { ChangeLines } from "../../ui/change-lines.tsx";

/** What a change would do: each app that gets a new version, with what is different in it; nothing has happened yet. */
export function ConfigPlan({ plan: { apps } }: { plan: ConfigurationPlan }) {
  const text = useText();
  const { plan } = text.config;
  return (
    <div className="plan" aria-live="polite">
      <h3>{plan.title}</h3>
      {apps.length === 0 && <p className="faint">{plan.nothing}</p>}
      {apps.length > 1 && <p>{plan.reaches(apps.length, apps.filter(({ newVersion }) => newVersion).length)}</p>}
      {apps.map(({ team, app, environment, newVersion, approvals, changes, fault }) => (
        <section key={`${team} ${environment} ${app}`}>
          <h4>
            <AppLink app={app} env={environment} /> <span className="faint">{newVersion ? plan.newVersion : plan.noVersion}</span>
            {approvals > 0 && <span className="warn"> · {plan.approvals(approvals)}</span>}
          </h4>
          {fault !== null && (
            <p className="bad-text" role="alert">
              {plan.fault} {fault}
            </p>
          )}
          {changes.length > 0 && <ChangeLines label={`${plan.title}: ${app} ${environment}`} changes={changes} />}
        </section>
      ))}
    </div>
  );
}

import type { Environment } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import Alert from "antd/es/alert";
import { client } from "../../api/connection.ts";
import { environmentQuery, useRights } from "../../api/team-queries.ts";
import { useFormat, useText } from "../../i18n/language.tsx";
import { DeletePanel } from "../../ui/delete-panel.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Page, Panel } from "../../ui/page.tsx";
import { Ago } from "../../ui/time.tsx";
import { EnvironmentSections } from "../teams/team-sections.tsx";
import { EnvironmentState } from "./environment-state.tsx";
import { Freezes } from "./freezes.tsx";
import { KeepForm } from "./keep-form.tsx";
import { MovePanel } from "./move-panel.tsx";
import { PolicyForm } from "./policy-form.tsx";
import { ScheduleForm } from "./schedule-form.tsx";
import { SleepControls } from "./sleep-controls.tsx";

const route = getRouteApi("/teams/$team/environments/$env");

/** One environment: how it is, who may change it and when, and what its apps begin with. */
export function EnvironmentPage() {
  const text = useText();
  const format = useFormat();
  const { team, env } = route.useParams();
  const query = useQuery(environmentQuery(team, env));
  const { admin } = useRights(team);
  return (
    <Loaded query={query} rows={8} title={env}>
      {(environment) => (
        <Page title={env} windowTitle={`${team} · ${env}`}>
          <EnvironmentSections team={team} env={env} />
          {environment.frozen !== null && (
            <Alert
              type="warning"
              showIcon
              className="notice"
              title={text.environments.frozenUntil(format.dateTime(environment.frozen.until))}
              description={environment.frozen.why}
            />
          )}
          <Facts environment={environment} admin={admin} />
          {!admin && <p className="faint">{text.environments.readOnly(team)}</p>}
          <Panel title={text.environments.policies}>
            <PolicyForm key={`${team} ${env}`} environment={environment} readOnly={!admin} />
          </Panel>
          <Panel title={text.kept.title}>
            <KeepForm key={`${team} ${env}`} environment={environment} readOnly={!admin} />
          </Panel>
          <Panel title={text.environments.freezes}>
            <Freezes environment={environment} readOnly={!admin} />
          </Panel>
          <Panel title={text.environments.schedule}>
            <ScheduleForm key={`${team} ${env}`} environment={environment} readOnly={!admin} />
          </Panel>
          {admin && <MovePanel environment={environment} />}
          {admin && (
            <DeletePanel
              title={text.environments.delete}
              says={text.environments.deleteText(env, environment.apps)}
              name={env}
              remove={() => client.deleteEnvironment(team, env)}
            />
          )}
        </Page>
      )}
    </Loaded>
  );
}

function Facts({ environment, admin }: { environment: Environment; admin: boolean }) {
  const text = useText();
  const format = useFormat();
  const { asleep, nextChange, hostSuffix } = environment;
  return (
    <Panel title={text.common.state} actions={<EnvironmentState environment={environment} />}>
      <dl className="pairs">
        <dt>{text.nav.apps}</dt>
        <dd>
          {environment.apps} · {text.overview.running(environment.instances)}
        </dd>
        {asleep !== null && (
          <>
            <dt>{text.environments.asleep}</dt>
            <dd>
              <Ago at={asleep.since} /> {text.common.by(asleep.by)}: {text.environments.onRequests[asleep.onRequest]}
            </dd>
          </>
        )}
        {nextChange !== null && (
          <>
            <dt>{text.environments.next}</dt>
            <dd>{text.environments.nextChange[nextChange.to](format.dateTime(nextChange.at))}</dd>
          </>
        )}
        {environment.preview !== null && (
          <>
            <dt>{text.environments.preview}</dt>
            <dd>
              {environment.preview.branch !== null && <code>{environment.preview.branch} </code>}
              {text.environments.goes} <Ago at={environment.preview.expiresAt} />
            </dd>
          </>
        )}
        <dt>{text.environments.template}</dt>
        <dd>{environment.template}</dd>
        <dt>{text.status.cluster}</dt>
        <dd>
          {environment.cluster}, <code>{environment.namespace}</code>
        </dd>
        <dt>{text.environments.hosts}</dt>
        <dd>
          <code>{`APP${hostSuffix}`}</code>
        </dd>
      </dl>
      {admin && <SleepControls environment={environment} />}
    </Panel>
  );
}

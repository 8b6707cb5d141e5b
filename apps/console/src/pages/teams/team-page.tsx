import type { Environment } from "@ebb/api";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { client } from "../../api/connection.ts";
import { teamQuery } from "../../api/queries.ts";
import { environmentsQuery, useRights } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { DeletePanel } from "../../ui/delete-panel.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Blank, Page, Panel } from "../../ui/page.tsx";
import { EnvironmentState } from "../environment/environment-state.tsx";
import { AddEnvironment } from "./add-environment.tsx";
import { Members } from "./members.tsx";
import { TeamSections } from "./team-sections.tsx";

const route = getRouteApi("/teams/$team");

/** One team: its chain of environments, and who is in it. */
export function TeamPage() {
  const text = useText();
  const { team } = route.useParams();
  const query = useQuery(teamQuery(team));
  const environments = useQuery(environmentsQuery(team));
  const { admin, platformAdmin } = useRights(team);
  return (
    <Loaded query={query} rows={6} title={team}>
      {({ description }) => (
        <Page title={team} windowTitle={`${text.place.team} ${team}`}>
          <TeamSections team={team} />
          {description !== "" && <p className="faint">{description}</p>}
          <Panel title={text.teams.environments}>
            <Loaded query={environments} rows={3}>
              {(all) => (all.length === 0 ? <Blank>{text.teams.noEnvironments}</Blank> : <Environments environments={all} />)}
            </Loaded>
            {admin && <AddEnvironment team={team} />}
          </Panel>
          <Panel title={text.teams.members}>
            <Members key={team} team={team} admin={admin} />
          </Panel>
          {platformAdmin && team !== "default" && (
            <DeletePanel title={text.teams.delete} says={text.teams.deleteText(team)} name={team} remove={() => client.deleteTeam(team)} />
          )}
        </Page>
      )}
    </Loaded>
  );
}

function Environments({ environments }: { environments: readonly Environment[] }) {
  const text = useText();
  const columns: Column<Environment>[] = [
    {
      key: "name",
      title: text.account.name,
      render: ({ team, name }) => (
        <Link to="/teams/$team/environments/$env" params={{ team, env: name }} className="strong">
          {name}
        </Link>
      ),
    },
    { key: "state", title: text.common.state, render: (environment) => <EnvironmentState environment={environment} /> },
    { key: "apps", title: text.nav.apps, align: "right", render: ({ apps }) => apps },
    { key: "instances", title: text.apps.instances, align: "right", render: ({ instances }) => instances },
    { key: "deploy", title: text.environments.deployRole, render: ({ deployRole }) => text.teams.roles[deployRole] },
    { key: "release", title: text.environments.releaseRole, render: ({ releaseRole }) => text.teams.roles[releaseRole] },
    { key: "approvals", title: text.environments.approvals, align: "right", render: ({ approvals }) => approvals },
  ];
  return <DataTable label={text.teams.environments} rows={environments} columns={columns} keyOf={({ name }) => name} />;
}

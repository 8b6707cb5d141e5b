import type { Team } from "@ebb/api";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { client } from "../../api/connection.ts";
import { keys, teamsQuery } from "../../api/queries.ts";
import { useRights } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { ButtonLink } from "../../ui/button-link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { NameForm } from "../../ui/name-form.tsx";
import { Blank, Page } from "../../ui/page.tsx";

/** As `TeamName` in the API's schemas. */
const TEAM_NAME = /^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$/;

/** The teams that one may see, each with its environments. */
export function TeamsPage() {
  const text = useText();
  const query = useQuery(teamsQuery);
  const { platformAdmin } = useRights("");
  return (
    <Page title={text.teams.title} actions={platformAdmin && <ButtonLink to="/users">{text.users.title}</ButtonLink>}>
      <Loaded query={query} rows={4}>
        {(teams) =>
          teams.length === 0 ? <Blank>{platformAdmin ? text.teams.noneAtAll : text.teams.none}</Blank> : <TeamCards teams={teams} />
        }
      </Loaded>
      {platformAdmin && <CreateTeam />}
    </Page>
  );
}

function TeamCards({ teams }: { teams: readonly Team[] }) {
  const text = useText();
  return (
    <ul className="cards team-cards">
      {teams.map(({ name, description, environments, apps }) => (
        <li key={name}>
          <div className="between">
            <Link to="/teams/$team" params={{ team: name }} className="strong">
              {name}
            </Link>
            <span className="faint">{text.teams.apps(apps)}</span>
          </div>
          {description !== "" && <p className="faint">{description}</p>}
          <div className="environments">
            {environments.map((env, index) => (
              <span key={env}>
                {index > 0 && <span className="faint">→ </span>}
                <Link to="/teams/$team/environments/$env" params={{ team: name, env }}>
                  {env}
                </Link>
              </span>
            ))}
          </div>
        </li>
      ))}
    </ul>
  );
}

function CreateTeam() {
  const text = useText();
  const queryClient = useQueryClient();
  return (
    <NameForm
      title={text.teams.create}
      className="after-list"
      pattern={TEAM_NAME}
      help={text.teams.nameHelp}
      remark={{ label: text.teams.description, maxLength: 1000 }}
      create={(name, description) => client.createTeam({ name, description })}
      onCreated={() => queryClient.invalidateQueries({ queryKey: keys.teams })}
    />
  );
}

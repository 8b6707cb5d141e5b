import type { Team } from "@ebb/api";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useId, useState } from "react";
import { client } from "../../api/connection.ts";
import { keys, teamsQuery } from "../../api/queries.ts";
import { useRights } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { ButtonLink } from "../../ui/button-link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Blank, Page, Panel } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";

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
        {(teams) => (teams.length === 0 ? <Blank>{text.teams.none}</Blank> : <TeamCards teams={teams} />)}
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
  const id = useId();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const bad = name !== "" && !TEAM_NAME.test(name);
  const create = useMutation({
    mutationFn: () => client.createTeam({ name, description }),
    onSuccess: () => {
      setName("");
      setDescription("");
      return queryClient.invalidateQueries({ queryKey: keys.teams });
    },
  });
  return (
    <Panel title={text.teams.create} className="after-list">
      <form
        className="fields"
        onSubmit={(event) => {
          event.preventDefault();
          if (TEAM_NAME.test(name)) create.mutate();
        }}
      >
        <label htmlFor={`${id}-name`}>{text.account.name}</label>
        <Input
          id={`${id}-name`}
          value={name}
          status={bad ? "error" : ""}
          spellCheck={false}
          onChange={(event) => setName(event.target.value)}
        />
        <p className={bad ? "bad-text" : "faint"}>{text.teams.nameHelp}</p>
        <label htmlFor={`${id}-what`}>{text.teams.description}</label>
        <Input id={`${id}-what`} value={description} maxLength={1000} onChange={(event) => setDescription(event.target.value)} />
        <Button type="primary" htmlType="submit" disabled={!TEAM_NAME.test(name)} loading={create.isPending}>
          {text.teams.create}
        </Button>
        {create.isError && <ProblemNote error={create.error} title={text.problem.refused} />}
      </form>
    </Panel>
  );
}

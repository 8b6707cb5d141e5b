import { Link } from "@tanstack/react-router";
import { SectionNav } from "../../ui/sections.tsx";
import { useText } from "../../i18n/language.tsx";

/** What there is of a team; each part has its address. */
export function TeamSections({ team }: { team: string }) {
  const text = useText();
  const params = { team };
  return (
    <SectionNav label={text.teams.sections(team)}>
      <Link to="/teams/$team" params={params} activeOptions={{ exact: true }}>
        {text.app.overview}
      </Link>
      <Link to="/teams/$team/configuration" params={params}>
        {text.config.title}
      </Link>
      <Link to="/teams/$team/git" params={params}>
        {text.gitAccess.nav}
      </Link>
      <Link to="/teams/$team/previews" params={params}>
        {text.previews.nav}
      </Link>
      <Link to="/teams/$team/quota" params={params}>
        {text.quota.nav}
      </Link>
    </SectionNav>
  );
}

/** What there is of an environment, and the way back to its team. */
export function EnvironmentSections({ team, env }: { team: string; env: string }) {
  const text = useText();
  const params = { team, env };
  return (
    <>
      <p className="faint">
        {text.place.team}:{" "}
        <Link to="/teams/$team" params={{ team }}>
          {team}
        </Link>
      </p>
      <SectionNav label={text.environments.sections(env)}>
        <Link to="/teams/$team/environments/$env" params={params} activeOptions={{ exact: true }}>
          {text.app.overview}
        </Link>
        <Link to="/teams/$team/environments/$env/configuration" params={params}>
          {text.config.title}
        </Link>
      </SectionNav>
    </>
  );
}

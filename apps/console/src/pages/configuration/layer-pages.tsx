import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { environmentQuery, useRights } from "../../api/team-queries.ts";
import { useText } from "../../i18n/language.tsx";
import { Page } from "../../ui/page.tsx";
import { EnvironmentSections, TeamSections } from "../teams/team-sections.tsx";
import { LayerEditor } from "./layer-editor.tsx";

const ofTeam = getRouteApi("/teams/$team/configuration");
const ofEnvironment = getRouteApi("/teams/$team/environments/$env/configuration");

/** What every app on the platform is given. */
export function PlatformLayerPage() {
  const { layer } = useText().config;
  return (
    <Page title={layer.platform}>
      <LayerEditor key="platform" address={{}} intro={layer.platformIntro} least={null} />
    </Page>
  );
}

/** What every app of a team is given. */
export function TeamLayerPage() {
  const { layer } = useText().config;
  const { team } = ofTeam.useParams();
  const { admin } = useRights(team);
  return (
    <Page title={layer.team(team)}>
      <TeamSections team={team} />
      <LayerEditor key={team} address={{ team }} intro={layer.teamIntro} least={admin ? null : "admin"} />
    </Page>
  );
}

/** What every app in an environment is given. */
export function EnvironmentLayerPage() {
  const { layer } = useText().config;
  const { team, env } = ofEnvironment.useParams();
  const environment = useQuery(environmentQuery(team, env)).data;
  const { may } = useRights(team);
  const least = environment === undefined || may(environment.releaseRole) ? null : environment.releaseRole;
  return (
    <Page title={layer.environment(env)} windowTitle={`${layer.environment(env)} · ${team}`}>
      <EnvironmentSections team={team} env={env} />
      <LayerEditor key={`${team} ${env}`} address={{ team, env }} intro={layer.environmentIntro} least={least} />
    </Page>
  );
}

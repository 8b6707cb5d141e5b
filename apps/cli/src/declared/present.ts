import type { App, AppEnvironment, Client, Declared, DeclaredApp, DeclaredEnvironment, DeclaredPlace, Environment } from "@ebb/api";

/** A team as it is, in the form that files have; previews, which come and go by themselves, are not among it. */
export async function presentTeam(client: Client, name: string): Promise<Declared> {
  const [team, members, environments, apps] = await Promise.all([
    client.getTeam(name),
    client.listMembers(name),
    client.listEnvironments(name),
    client.listApps({ team: name }),
  ]);
  const staying = environments.filter(({ preview }) => preview === null);
  return {
    team: {
      team: name,
      description: team.description,
      previewLimit: team.previewLimit,
      // Those that follow a directory's groups are not ours to say.
      members: Object.fromEntries(members.filter(({ source }) => source === "manual").map(({ user, role }) => [user, role])),
    },
    environments: staying.map(declaredEnvironment),
    apps: await Promise.all(apps.map((app) => declaredApp(client, app, staying))),
  };
}

function declaredEnvironment(environment: Environment): DeclaredEnvironment {
  const { name, template, hostSuffix, order, warm, scaling, limits, deployRole, releaseRole, approvals, freezes, schedule } = environment;
  return { name, template, hostSuffix, order, warm, scaling, limits, deployRole, releaseRole, approvals, freezes, schedule };
}

async function declaredApp(client: Client, app: App, environments: readonly Environment[]): Promise<DeclaredApp> {
  const { name, description, owner, repository, serviceTag, level, contacts, labels, dependsOn } = app;
  const places: Record<string, DeclaredPlace> = {};
  for (const place of app.environments) {
    const environment = environments.find((each) => each.name === place.environment);
    if (environment) places[place.environment] = await declaredPlace(client, place, environment);
  }
  return { name, description, owner, repository, serviceTag, level, contacts, labels, dependsOn, environments: places };
}

async function declaredPlace(client: Client, { app, host, rules }: AppEnvironment, environment: Environment): Promise<DeclaredPlace> {
  const at = { app, env: environment.name };
  const [{ variables }, secrets, scaling] = await Promise.all([client.getVariables(at), client.listSecrets(at), client.getScaling(at)]);
  return {
    host: host === `${app}${environment.hostSuffix}` ? null : host,
    variables,
    secrets: secrets.items.map(({ name }) => name),
    scaling,
    rules,
  };
}

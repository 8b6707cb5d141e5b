import type {
  AccessEntry,
  App,
  AppEnvironment,
  Client,
  Declared,
  DeclaredApp,
  DeclaredEnvironment,
  DeclaredGuard,
  DeclaredPlace,
  Environment,
  GuardInForce,
} from "@ebb/api";

/** A team as it is, in the form that files have; previews, which come and go by themselves, are not among it. */
export async function presentTeam(client: Client, name: string): Promise<Declared> {
  const [team, variables, members, environments, apps] = await Promise.all([
    client.getTeam(name),
    layerVariables(client, { team: name }),
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
      variables,
      // Those that follow a directory's groups are not ours to say.
      members: Object.fromEntries(members.filter(({ source }) => source === "manual").map(({ user, role }) => [user, role])),
    },
    environments: await Promise.all(staying.map((each) => declaredEnvironment(client, each))),
    apps: await Promise.all(apps.map((app) => declaredApp(client, app, staying))),
  };
}

async function declaredEnvironment(client: Client, environment: Environment): Promise<DeclaredEnvironment> {
  const { name, template, hostSuffix, order, warm, scaling, limits, deployRole, releaseRole, approvals, rollbacksWait, freezes, schedule } =
    environment;
  const variables = await layerVariables(client, { team: environment.team, env: name });
  return {
    name,
    template,
    hostSuffix,
    order,
    warm,
    scaling,
    limits,
    deployRole,
    releaseRole,
    approvals,
    rollbacksWait,
    freezes,
    schedule,
    variables,
  };
}

async function declaredApp(client: Client, app: App, environments: readonly Environment[]): Promise<DeclaredApp> {
  const { name, description, owner, repository, serviceTag, level, contacts, labels, dependsOn } = app;
  const places: Record<string, DeclaredPlace> = {};
  for (const place of app.environments) {
    const environment = environments.find((each) => each.name === place.environment);
    if (environment) places[place.environment] = await declaredPlace(client, place, environment);
  }
  const { url, folder, rules, previewHours } = await client.getRepository(name);
  const git = url === "" ? null : { url, folder, rules, previewHours };
  return { name, description, owner, repository, serviceTag, level, contacts, labels, dependsOn, git, environments: places };
}

async function declaredPlace(client: Client, { app, host, rules }: AppEnvironment, environment: Environment): Promise<DeclaredPlace> {
  const at = { app, env: environment.name };
  const [{ items }, { strategies, min, max, idle }, domains, policy] = await Promise.all([
    client.getConfiguration(at),
    client.getScaling(at),
    client.listDomains(at),
    client.getTrafficPolicy(at),
  ]);
  const own = items.filter(({ layer }) => layer === "app");
  return {
    host: host === `${app}${environment.hostSuffix}` ? null : host,
    variables: variablesAmong(own.map(({ text, ...item }) => ({ ...item, value: text }))),
    // Whichever layer has them: the app would start.
    secrets: items.filter(({ kind }) => kind === "secret").map(({ name }) => name),
    // What is declared has no revision: it is to be so whatever was there before.
    scaling: { strategies, min, max, idle },
    rules,
    guard: declaredGuard(policy),
    domains: Object.fromEntries(domains.map(({ name, certificateMode, redirect }) => [name, { certificate: certificateMode, redirect }])),
  };
}

function declaredGuard({ deny, allow, rateLimits, affinity, ejection, retries }: GuardInForce): DeclaredGuard {
  const lasting = (entries: AccessEntry[]) => entries.filter(({ until }) => until === undefined);
  return { deny: lasting(deny), allow: lasting(allow), rateLimits, affinity, ejection, retries };
}

async function layerVariables(client: Client, layer: { team: string; env?: string }): Promise<Record<string, string | null>> {
  return variablesAmong((await client.getLayer(layer)).items);
}

/** As they were written; null: taken away here. */
function variablesAmong(items: readonly { name: string; kind: string; value: string | null }[]): Record<string, string | null> {
  return Object.fromEntries(items.filter(({ kind }) => kind !== "secret").map(({ name, value }) => [name, value]));
}

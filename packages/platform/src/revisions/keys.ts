/** Names of what one person reads and another may change meanwhile: a change of it gives it another revision. */

export const teamKey = (team: string): string => `team/${team}`;
export const quotaKey = (team: string): string => `quota/${team}`;
export const environmentKey = (team: string, env: string): string => `environment/${team}/${env}`;
export const appKey = (app: string): string => `app/${app}`;
/** Host, split and rules of an app in an environment. */
export const placeKey = (app: string, env: string): string => `place/${app}/${env}`;
/** Its own variables and secrets. */
export const configurationKey = (app: string, env: string): string => `configuration/${app}/${env}`;
/** Those of a layer above it; empty: the platform, a whole team. */
export const layerKey = (team: string, env: string): string => `layer/${team}/${env}`;
export const scalingKey = (app: string, env: string): string => `scaling/${app}/${env}`;
export const trafficPolicyKey = (app: string, env: string): string => `traffic-policy/${app}/${env}`;
export const versionKey = (app: string, env: string, version: string): string => `version/${app}/${env}/${version}`;
export const clusterKey = (name: string): string => `cluster/${name}`;
export const domainKey = (app: string, env: string, domain: string): string => `domain/${app}/${env}/${domain}`;
export const domainSettingsKey = (): string => "domain-settings";
export const repositoryKey = (app: string): string => `repository/${app}`;
export const gitSettingsKey = (): string => "git-settings";
export const userKey = (name: string): string => `user/${name}`;

export interface Touching {
  kind: string;
  team: string;
  app: string;
  env: string;
  request: unknown;
}

/** What an operation changes, from when it is accepted until it has ended: whoever read it before then has read what is no longer so. */
export function touchedBy({ kind, team, app, env, request }: Touching): string[] {
  if (app === "") return env === "" ? [teamKey(team)] : [environmentKey(team, env)];
  if (env === "") return [appKey(app)];
  const own = kind === "config" && Array.isArray((request as { changes?: unknown }).changes);
  return [placeKey(app, env), ...(own ? [configurationKey(app, env)] : [])];
}
